// kinds is the program behind go_*: one profile of every kind that the Go runtime has, as protobuf and as text.
//
//	go build -trimpath && ./kinds DIR
package main

import (
	"bytes"
	"compress/flate"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

var (
	kept [][]byte
	lock sync.Mutex
	turn = make(chan int)
)

func pack(level int, data []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, level)
	w.Write(data)
	w.Close()
	return out.Bytes()
}

func work(name string, level int) {
	pprof.Do(context.Background(), pprof.Labels("worker", name), func(context.Context) {
		data := bytes.Repeat([]byte(name), 4000)
		for i := 0; i < 40; i++ {
			lock.Lock()
			kept = append(kept, pack(level, data))
			lock.Unlock()
			turn <- i
		}
	})
}

func write(name, file string, debug int) {
	f, err := os.Create(filepath.Join(os.Args[1], file))
	if err != nil {
		panic(err)
	}
	pprof.Lookup(name).WriteTo(f, debug)
	f.Close()
}

func main() {
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	runtime.MemProfileRate = 4096
	cpu, err := os.Create(filepath.Join(os.Args[1], "go_cpu.pb.gz"))
	if err != nil {
		panic(err)
	}
	pprof.StartCPUProfile(cpu)
	for i, name := range []string{"alpha", "beta", "gamma"} {
		go work(name, 3*i+3)
	}
	for i := 0; i < 110; i++ {
		<-turn
	}
	time.Sleep(10 * time.Millisecond)
	pprof.StopCPUProfile()
	cpu.Close()
	for _, name := range []string{"goroutine", "threadcreate", "heap", "allocs", "block", "mutex"} {
		write(name, "go_"+name+".pb.gz", 0)
		write(name, "go_"+name+".txt", 1)
	}
}
