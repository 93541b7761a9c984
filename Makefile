# sonde: one Makefile, no recursion.  `make help` lists the targets.
VERSION := 0.1.0

# ---- modes: build/MODE holds everything made with one set of flags ------------------------------------------------
MODE ?= release
ifneq (,$(filter debug asan tsan fuzz,$(firstword $(MAKECMDGOALS))))
MODE := $(firstword $(MAKECMDGOALS))
endif
B := build/$(MODE)

CC_release := gcc
CC_debug   := gcc
CC_asan    := clang
CC_tsan    := clang
CC_fuzz    := clang
CC := $(CC_$(MODE))
MODE_release := -O2 -g
MODE_debug   := -O0 -g3
MODE_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MODE_tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
MODE_fuzz    := -O2 -g -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
MODE_CFLAGS := $(MODE_$(MODE))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wno-unused-parameter -Wno-missing-field-initializers
# Initial-exec TLS: the other models call a helper that may allocate, which a signal handler cannot bear.
CFLAGS += -std=gnu11 -D_GNU_SOURCE -fPIC -ftls-model=initial-exec -fvisibility=hidden -fno-strict-aliasing $(WARN) $(MODE_CFLAGS)
CPPFLAGS += -I. -I$(B) -DSONDE_VERSION='"$(VERSION)"' -MMD -MP
ifneq ($(WERROR),0)
CFLAGS += -Werror
endif

# Code that runs in a signal handler: by gcc in every mode, which makes no calls of memcpy for it (a sanitizer's takes
# locks), without sanitizers, no stack protector, frames that stay below 1 KiB.
# (Fuzzers run nothing in a handler, and look at what they run.)
ifneq ($(MODE),fuzz)
HANDLER_SRC := $(patsubst %,sampler/%.c,cfi_entry cfi_program cfi_state due event handler kept store thread_table tick unwind unwind_code unwind_guess unwind_memory x86_code)
endif
HANDLER_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(CFLAGS)) -O2 -fno-stack-protector -Wframe-larger-than=1024 -mgeneral-regs-only

# ---- rooms and who may include whom (read by check-layers) ----------------------------------------------------
ROOMS := base writer sampler symbolize analyze cli
MAY_base      := base
MAY_writer    := base writer
MAY_sampler   := base writer sampler
MAY_symbolize := base symbolize
MAY_analyze   := base symbolize writer analyze
MAY_cli       := base writer sampler symbolize analyze cli

# ---- packages (Debian 12) ---------------------------------------------------------------------------------------
BUILD_PACKAGES := gcc libc6-dev make libiberty-dev
BUILD_PACKAGES += protobuf-c-compiler libprotobuf-c-dev zlib1g-dev libdeflate-dev
BUILD_PACKAGES += libelf-dev libdwarf-dev libzstd-dev liblzma-dev
BUILD_PACKAGES += libmicrohttpd-dev libedit-dev
BUILD_PACKAGES += libpcre2-dev libcapstone-dev libcurl4-openssl-dev
TEST_PACKAGES := libcmocka-dev clang libclang-rt-14-dev llvm g++ python3 pkg-config binutils gdb libc6-dbg procps file
TEST_PACKAGES += gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
TEST_PACKAGES += libunwind-dev linux-perf google-perftools libgoogle-perftools-dev
TEST_PACKAGES += dwz redis-server redis-tools sqlite3 libsqlite3-dev lua5.4 nginx-light xz-utils
TEST_PACKAGES += golang-go graphviz chromium
TEST_PACKAGES += time musl-tools
TIDY_PACKAGES := clang-tidy clang-format

.DEFAULT_GOAL := all
.PHONY: all debug demo check asan tsan fuzz soak bench deps test-deps check-headers check-layers tidy format golden differential install clean help
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += -r
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-6s %s\n' $(1) $(2)

SRC := $(foreach r,$(ROOMS),$(sort $(wildcard $(r)/*.c)))
OBJ := $(SRC:%.c=$(B)/obj/%.o)
PROTO_OBJ := $(B)/obj/writer/profile.pb-c.o
room_obj = $(filter $(B)/obj/$(1)/%,$(OBJ))

# The tool reads spools; what lives in a target, and the parts of that which tests can hold, stay out of it.
TOOL_OBJ := $(filter-out $(call room_obj,sampler) $(B)/obj/writer/gzip_out.o,$(OBJ)) $(patsubst %,$(B)/obj/sampler/%.o,spool_profile spool_image spool_mappings) $(PROTO_OBJ)
TEST_SAMPLER := $(patsubst %,$(B)/obj/sampler/%.o,store labels otel cfi cfi_entry cfi_program cfi_state eh_return quirks unwind unwind_code unwind_guess unwind_memory x86_code spool_file spool_reserve seccomp_filter at_fork)
# The library carries what writes a profile, and nothing that reads ELF, DWARF or profiles of others.
LIB_WRITER := writer/encode.c writer/gzip_out.c
LIB_OBJ := $(filter-out $(B)/obj/base/library.o $(B)/obj/base/parallel.o $(B)/obj/base/progress.o,$(call room_obj,base)) $(call room_obj,sampler) $(patsubst %.c,$(B)/obj/%.o,$(wildcard $(LIB_WRITER))) $(PROTO_OBJ)

# Put into the program: to load them would be half of what a start costs.  What few need is loaded on use.
TOOL_LIBS := -Wl,-Bstatic -lprotobuf-c -ldeflate -ldwarf -lelf -liberty -lz -lzstd -llzma -lpcre2-8 -ledit -lbsd -lmd -ltinfo -Wl,-Bdynamic
TOOL_LIBS += -ldl -lpthread -lm
all: $(B)/sonde $(B)/libsonde.so $(B)/libsonde.a $(B)/sonde.pc ## build the tool and the libraries into build/release
debug: all ## the same into build/debug, unoptimized

$(B)/sonde: $(TOOL_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

# The handler's objects against the list of what they may call.
HANDLER_OBJ := $(HANDLER_SRC:%.c=$(B)/obj/%.o)
$(B)/handler.checked: $(HANDLER_OBJ) sampler/handler.allowed
	$(Q)nm --defined-only $(HANDLER_OBJ) | awk 'NF == 3 { print $$3 }' >$@.own
	$(Q)nm -u $(HANDLER_OBJ) | awk 'NF == 2 { print $$2 }' | sort -u | grep -vxF -f $@.own -f sampler/handler.allowed >$@; \
		[ ! -s $@ ] || { echo "make: the signal handler may not call, by sampler/handler.allowed:" $$(cat $@) >&2; exit 1; }

$(B)/libsonde.so $(B)/libsonde.a: $(B)/handler.checked
$(B)/libsonde.so: $(LIB_OBJ) sampler/libsonde.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libsonde.so -Wl,-z,now -Wl,-z,nodelete -Wl,-Bsymbolic-functions \
		-Wl,--version-script=sampler/libsonde.map -Wl,--exclude-libs,ALL -o $@ $(LIB_OBJ) \
		-Wl,-Bstatic -lprotobuf-c -lz -Wl,-Bdynamic -ldl -lpthread

# One relocatable object with everything but the public names made local, so that a linked program sees only sonde_*.
$(B)/libsonde.a: $(LIB_OBJ) sampler/libsonde.syms
	$(call say,AR,$@)
	$(Q)ld -r -o $(B)/obj/libsonde.o $(LIB_OBJ) $$($(CC) -print-file-name=libprotobuf-c.a) $$($(CC) -print-file-name=libz.a)
	$(Q)objcopy --keep-global-symbols=sampler/libsonde.syms $(B)/obj/libsonde.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/obj/libsonde.o

$(B)/sonde.pc: Makefile
	$(Q)mkdir -p $(@D)
	$(Q)printf 'prefix=%s\nlibdir=$${prefix}/lib\nincludedir=$${prefix}/include\n\nName: sonde\nDescription: sampling profiler that speaks pprof\nVersion: %s\nLibs: -L$${libdir} -lsonde\nLibs.private: -ldl -lpthread\nCflags: -I$${includedir}\n' $(PREFIX) $(VERSION) > $@

# ---- compilation --------------------------------------------------------------------------------------------------
$(B)/obj/%.o: %.c | build/.deps $(B)/writer/profile.pb-c.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter $<,$(HANDLER_SRC)),gcc $(HANDLER_CFLAGS),$(CC) $(CFLAGS)) $(CPPFLAGS) -c -o $@ $<

# The files of pages for a browser are put into the program as they are.
$(B)/obj/analyze/page.o: $(wildcard analyze/flame_page/*)

$(B)/writer/profile.pb-c.h: writer/profile.proto | build/.deps
	$(call say,PROTO,$<)
	$(Q)mkdir -p $(B)/writer && protoc-c --proto_path=writer --c_out=$(B)/writer $<
$(PROTO_OBJ): $(B)/writer/profile.pb-c.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-shadow $(CPPFLAGS) -I$(B)/writer -c -o $@ $(B)/writer/profile.pb-c.c

$(B)/obj/analyze/web_files.o: $(wildcard analyze/web_page/*)

-include $(OBJ:.o=.d)

# ---- packages -----------------------------------------------------------------------------------------------------
# $(call install,packages): say what is missing and install it, through sudo when not root.
install_packages = missing=; for p in $(1); do dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		command -v apt-get >/dev/null || { echo "make: these Debian packages are missing and there is no apt-get:$$missing" >&2; exit 1; }; \
		sudo=; [ "$$(id -u)" = 0 ] || { sudo=sudo; command -v sudo >/dev/null || { echo "make: please install as root:$$missing" >&2; exit 1; }; }; \
		echo "installing with $${sudo:+$$sudo }apt-get what is missing:$$missing"; \
		$$sudo apt-get update -qq && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >build/apt.log 2>&1 </dev/null || \
			{ tail -n 20 build/apt.log >&2; echo "make: apt-get could not install:$$missing" >&2; exit 1; }; fi

# Again when this file has changed: it may name more.
build/.deps: Makefile
	@mkdir -p build
	@$(call install_packages,$(BUILD_PACKAGES))
	@touch $@
build/.test-deps: Makefile | build/.deps
	@$(call install_packages,$(TEST_PACKAGES))
	@touch $@
deps: build/.deps ## install the packages that the build needs
test-deps: build/.test-deps ## install the packages that the tests need

# ---- tests --------------------------------------------------------------------------------------------------------
TEST_SRC := $(sort $(wildcard tests/test_*.c))
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
TEST_TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz_*.c))
# Everything but main(), for the tests to link.
CORE_OBJ := $(filter-out $(B)/obj/cli/main.o,$(TOOL_OBJ)) $(TEST_SAMPLER)

$(B)/tests/%: tests/%.c $(CORE_OBJ) | build/.test-deps
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(CORE_OBJ) -lcmocka -lunwind $(TOOL_LIBS)
$(B)/replay/%: tests/%.c tests/replay.c $(CORE_OBJ) | build/.test-deps
	$(call say,REPLAY,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $< tests/replay.c $(CORE_OBJ) $(TOOL_LIBS)
$(B)/fuzz/%: tests/%.c $(CORE_OBJ) | build/.test-deps
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(CORE_OBJ) $(TOOL_LIBS)

-include $(TEST_BIN:=.d) $(TEST_TOOLS:=.d)
REPLAY_BIN := $(FUZZ_SRC:tests/%.c=$(B)/replay/%)

.PHONY: check-run
check: all check-layers check-headers check-run ## install what is missing, build, run every test
check-run: $(TEST_BIN) $(TEST_TOOLS) $(REPLAY_BIN) all | build/.test-deps
	$(Q)tests/run $(B)
asan tsan: all $(TEST_BIN) $(TEST_TOOLS) | build/.test-deps ## build with a sanitizer and run the unit tests under it
	$(Q)SONDE_SANITIZER=$@ tests/run $(B)
FUZZ_SECONDS ?= 60
# (libFuzzer's own main leaks a few bytes, hence no leak detection.)
fuzz: $(FUZZ_SRC:tests/%.c=$(B)/fuzz/%) ## run every fuzzer for FUZZ_SECONDS (60)
	$(Q)for f in $^; do n=$$(basename $$f); mkdir -p build/corpus/$$n; echo "== $$n"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -timeout=10 -detect_leaks=0 -artifact_prefix=build/corpus/ \
			build/corpus/$$n $$(ls -d tests/corpus/$$n 2>/dev/null) >build/corpus/$$n.log 2>&1; rc=$$?; \
		tail -n 3 build/corpus/$$n.log; [ $$rc = 0 ] || exit 1; done

SOAK_SECONDS ?= 60
soak: all $(TEST_TOOLS) | build/.test-deps ## run what is hardest on a profiler, each part for SOAK_SECONDS (60); SOAK_PARTS: which
	$(Q)SOAK_SECONDS=$(SOAK_SECONDS) SOAK_PARTS="$(SOAK_PARTS)" tests/soak $(B)

bench: all $(B)/genprofile | build/.test-deps ## run every benchmark beside its peers and print the ratios
	$(Q)for b in accuracy overhead handler labels memory unwind forks completeness foreign analyze symbolize agreement web browsers; do bench/$$b || exit 1; done

# A profile of any size, for timing the reports: build/release/genprofile 1000000 big.pb.gz
$(B)/genprofile: bench/genprofile.c $(CORE_OBJ)
	$(call say,BENCH,$@)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(CORE_OBJ) $(TOOL_LIBS)

# bench/unwind's program: our unwinder and its peers.
$(B)/unwind_cost: bench/unwind_cost.c $(CORE_OBJ) | build/.test-deps
	$(call say,BENCH,$@)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $< $(CORE_OBJ) -lunwind $(TOOL_LIBS)

# bench/handler's program: it sees how long a signal interrupts it.
$(B)/handler_cost: bench/handler_cost.c
	$(call say,BENCH,$@)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) -o $@ $<

demo: all ## record a real program, show its top functions and the lines of the hottest one
	$(Q)bench/demo $(B)

# Every header must compile on its own.
check-headers: | build/.deps ## every header compiles on its own
	$(Q)for h in $(wildcard $(ROOMS:%=%/*.h)); do gcc -std=gnu11 -D_GNU_SOURCE -Wall -Werror -I. -I$(B) -fsyntax-only -x c $$h || exit 1; done
	$(Q)echo "headers: each compiles on its own"

check-layers: $(OBJ) | build/.test-deps ## the room table above holds, by the compiler's own dependency files
	$(Q)MAY='$(foreach r,$(ROOMS),$(r)=$(subst $() ,$(comma),$(MAY_$(r))))' tests/check_layers $(B)
comma := ,

tidy: $(B)/writer/profile.pb-c.h ## clang-tidy over the tree: what it calls an error must go
	@$(call install_packages,$(TIDY_PACKAGES))
	$(Q)clang-tidy --quiet $(SRC) -- -std=gnu11 -D_GNU_SOURCE -DSONDE_VERSION='"$(VERSION)"' -I. -Ibuild/release
format: ## clang-format over the tree
	@$(call install_packages,$(TIDY_PACKAGES))
	$(Q)clang-format -i $(SRC) $(wildcard $(ROOMS:%=%/*.h)) $(wildcard tests/*.c bench/*.c)
golden: all ## record the expected outputs of the tests again (needs the newest pprof: PPROF=path)
	$(Q)tests/record_golden $(B)
	$(Q)tests/record_differential $(B)
differential: all ## compare 5200 drawn command lines with pprof (needs the newest pprof: PPROF=path)
	$(Q)DIFFERENTIAL_LINES=5200 SONDE_TEST_TIMEOUT=7200 tests/run $(B) '^e2e_differential$$'

# ---- install ------------------------------------------------------------------------------------------------------
PREFIX ?= /usr/local
install: all ## install under $(DESTDIR)$(PREFIX)
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	$(Q)install -m 755 $(B)/sonde $(DESTDIR)$(PREFIX)/bin/
	$(Q)install -m 755 $(B)/libsonde.so $(DESTDIR)$(PREFIX)/lib/
	$(Q)install -m 644 $(B)/libsonde.a $(DESTDIR)$(PREFIX)/lib/
	$(Q)sed 's|^prefix=.*|prefix=$(PREFIX)|' $(B)/sonde.pc > $(DESTDIR)$(PREFIX)/lib/pkgconfig/sonde.pc
	$(Q)install -m 644 sampler/sonde.h $(DESTDIR)$(PREFIX)/include/
clean: ## remove build/
	$(Q)rm -rf build
help: ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'
