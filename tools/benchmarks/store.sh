#!/usr/bin/env bash
# The store's part of tools/bench: the same entries (40 + 300 bytes), the same disk, the same run.
#
# usage: tools/bench store [SECONDS [ENTRIES]]
source "$(dirname "$0")/../lib.sh"
seconds=${1:-5}
entries=${2:-1000000}
# Beside the build, not in /tmp: that may be memory, where a sync costs nothing.
work=$(mktemp -d "$PWD/.build/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "building"
gcc -O2 -o "$work/sqlite" tools/benchmarks/sqlite.c -lsqlite3 -lpthread
swift build -c release --product store-bench
bench=$(swift build -c release --show-bin-path)/store-bench

say "durable commits of one entry, ${seconds} s each"
printf '%-7s %7s %10s %8s %8s %8s\n' store writers commits/s 'p50 ms' 'p99 ms' 'worst'
for round in 1 2 3; do
  for writers in 1 64; do
    printf '%-7s %7d %10d %8.2f %8.2f %8.2f\n' \
      linkd $writers $("$bench" commits "$work/o$round.$writers" $writers "$seconds")
    printf '%-7s %7d %10d %8.2f %8.2f %8.2f\n' \
      sqlite $writers $("$work/sqlite" "$work/s$round.$writers" $writers "$seconds")
  done
done

say "many entries"
"$bench" fill "$work/thousand" 1000 >/dev/null
read -r filled compacted < <("$bench" fill "$work/many" "$entries")
echo "written in $filled s, compacted in $compacted s"
for size in thousand many; do
  read -r opened count memory page < <("$bench" open "$work/$size")
  echo "$count entries: opened in $opened s, $memory bytes of memory each, a profile's page in $page µs"
done
{
  read -r rate p50 p99 worst
  read -r compactions
} < <("$bench" stall "$work/many" "$((seconds * 2))")
echo "64 writers beside $compactions compactions: $rate commits/s, p50 $p50, p99 $p99, worst $worst ms"
