#!/usr/bin/env bash
# The store's part of tools/bench: the same entries (40 + 300 bytes), the same disk, the same run.
#
# usage: tools/bench store [SECONDS [ENTRIES [ROUNDS]]]
source "$(dirname "$0")/../lib.sh"
seconds=${1:-2}
entries=${2:-1000000}
rounds=${3:-9}
# Beside the build, not in /tmp: that may be memory, where a sync costs nothing.
work=$(mktemp -d "$PWD/.build/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

say "building"
gcc -O2 -o "$work/sqlite" tools/benchmarks/sqlite.c -lsqlite3 -lpthread
swift build -c release --product store-bench
bench=$(swift build -c release --show-bin-path)/store-bench

# One turn of a store: commits/s, median, p99 and worst latency in ms; its files go at once.
turn() { # NAME WRITERS
  local program=$bench
  if [ "$1" = linkd ]; then set -- "$1" "$2" commits; else program=$work/sqlite; fi
  "$program" ${3:-} "$work/turn" "$2" "$seconds"
  rm -rf "$work"/turn*
}

# The median of a column of numbers.
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

say "durable commits of one entry: medians of $rounds turns of ${seconds} s each, one after the other"
printf '%-7s %7s %10s %8s %8s %8s   %s\n' store writers commits/s 'p50 ms' 'p99 ms' worst 'of each turn'
for writers in 1 64; do
  for round in $(seq "$rounds"); do
    for name in linkd sqlite; do turn $name $writers >>"$work/$name.$writers"; done
  done
  for name in linkd sqlite; do
    columns=()
    for column in 1 2 3 4; do
      columns+=("$(awk -v c=$column '{ print $c }' "$work/$name.$writers" | median)")
    done
    printf '%-7s %7d %10d %8.2f %8.2f %8.2f   %s\n' $name $writers "${columns[@]}" \
      "$(awk '{ printf "%s ", $1 }' "$work/$name.$writers")"
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
} < <("$bench" stall "$work/many" 10)
echo "64 writers beside $compactions compactions: $rate commits/s, p50 $p50, p99 $p99, worst $worst ms"
