// shop is the program behind shop_*.pb.gz: it computes, allocates, waits for locks and labels its work, for two seconds.
//
//	go build -trimpath && ./shop DIR    (writes DIR/shop_cpu.pb.gz, shop_heap.pb.gz, ...)
package main

import (
	"context"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sort"
	"strings"
	"sync"
	"time"
)

type order struct {
	id    int
	items []string
}

type ledger struct {
	mu   sync.Mutex
	sums map[string]uint32
}

var kept []order

func newOrder(id int) order {
	o := order{id: id}
	for i := 0; i < 24; i++ {
		o.items = append(o.items, strings.Repeat("item", i+1))
	}
	return o
}

func checksum(o order) uint32 {
	var sum uint32
	for round := 0; round < 40; round++ {
		for _, item := range o.items {
			sum ^= crc32.ChecksumIEEE([]byte(item))
		}
	}
	return sum
}

func (l *ledger) add(name string, sum uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sums[name] += sum
	time.Sleep(20 * time.Microsecond)
}

func walk(depth int, o order) uint32 {
	if depth == 0 {
		return checksum(o)
	}
	return walk(depth-1, o) + 1
}

func serve(l *ledger, worker string, stop <-chan struct{}) {
	for id := 0; ; id++ {
		select {
		case <-stop:
			return
		default:
		}
		o := newOrder(id)
		sort.Slice(o.items, func(i, j int) bool { return o.items[i] > o.items[j] })
		l.add(worker, walk(id%3, o))
		if id%64 == 0 {
			l.mu.Lock()
			kept = append(kept, o)
			l.mu.Unlock()
		}
	}
}

func writeProfile(dir, name string) {
	f, err := os.Create(filepath.Join(dir, "shop_"+name+".pb.gz"))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	pprof.Lookup(name).WriteTo(f, 0)
}

func main() {
	dir := os.Args[1]
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1000)
	runtime.MemProfileRate = 4096
	f, err := os.Create(filepath.Join(dir, "shop_cpu.pb.gz"))
	if err != nil {
		panic(err)
	}
	pprof.StartCPUProfile(f)
	l := &ledger{sums: map[string]uint32{}}
	stop := make(chan struct{})
	for _, worker := range []string{"north", "south", "east"} {
		labels := pprof.Labels("worker", worker, "stage", "serve")
		go pprof.Do(context.Background(), labels, func(context.Context) { serve(l, worker, stop) })
	}
	time.Sleep(2 * time.Second)
	for _, name := range []string{"goroutine", "heap", "mutex", "block", "allocs"} {
		writeProfile(dir, name)
	}
	close(stop)
	pprof.StopCPUProfile()
	f.Close()
}
