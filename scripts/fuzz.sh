#!/bin/bash
# Runs libFuzzer on the readers and reports the results. See --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/fuzz.sh [--fast] [--seconds N] [--jobs N] [HARNESS...]
       scripts/fuzz.sh --report
       scripts/fuzz.sh --coverage
       scripts/fuzz.sh --keep

Builds the readers with clang, libFuzzer, AddressSanitizer and
UndefinedBehaviorSanitizer and lets every harness (or those named) run for
N seconds (default 60) in N processes (default 1), one harness after the other.
An input may take 5 seconds and 2 GiB; one that takes more, crashes or violates
a postcondition is stored in build/fuzz/found and ends the run with exit code 1.
--fast omits the sanitizers for more inputs; it detects only crashes, hangs
and violated postconditions. The next run without it replays the new inputs.

Figures of all runs accumulate in build/fuzz/campaign.tsv; --report prints the
sums. Inputs with new coverage stay in build/fuzz/corpus for the next run;
--coverage replays them and prints the coverage of each reader and the lines
not reached; --keep copies inputs with new coverage to fuzz/corpus.
TEXT
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh

harnesses='safetensors shard_index hf_folder lora gguf cellm config generation_config tokenizer_json
  compact_tokenizer gguf_tokenizer tokenizer_text pattern chat_template conversation tool_text tool_format tool_request
  json_schema regex gbnf choices questions study_step session api_request http_request hub_revision hub_headers values command_line'
seconds=60 jobs=1 action=run chosen='' preset=fuzz
while [ "$#" -ne 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --fast) preset=fuzz-fast ;;
    --report) action=report ;;
    --coverage) action=coverage ;;
    --keep) action=keep ;;
    -*) echo "unknown option $1 (see --help)" >&2; exit 2 ;;
    *)
      case " $(echo $harnesses) " in
        *" $1 "*) chosen="$chosen $1" ;;
        *) echo "no harness is called $1; there are: $(echo $harnesses)" >&2; exit 2 ;;
      esac
      ;;
  esac
  shift
done
chosen=${chosen:-$harnesses}

work=build/fuzz
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

build() {
  # shellcheck disable=SC2086  # lists of words
  require_packages $build_packages $fuzz_packages
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" >"build/$1/build.log" 2>&1 ||
    { tail -20 "build/$1/build.log" >&2; exit 1; }
}

# Maximum input lengths: faults that short inputs can expose are found sooner in short inputs.
max_len() {
  case $1 in
    safetensors | shard_index | config | compact_tokenizer | gguf_tokenizer | json_schema | choices | questions | study_step) echo 1024 ;;
    generation_config | tokenizer_text | pattern | tool_text | regex | gbnf | values | command_line) echo 256 ;;
    tokenizer_json | session | chat_template | conversation | tool_format | hub_revision | hub_headers) echo 2048 ;;
    cellm) echo 12288 ;;
    *) echo 6144 ;;
  esac
}

# run HARNESS: one run; its figures are added to campaign.tsv.
run() {
  local name=$1 corpus=$work/corpus/$1 found=$work/found/$1/ log=$work/logs/$1.log code=0
  mkdir -p "$corpus" "$found" "$work/logs"
  local statistics=$work/statistics-$name-$$.tsv
  rm -f "$statistics"
  local inputs=("$corpus" "fuzz/corpus/$name")
  if [ -d "fuzz/regressions/$name" ]; then inputs+=("fuzz/regressions/$name"); fi
  ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=4:allocator_may_return_null=0 \
    CELLM_FUZZ_STATISTICS=$PWD/$statistics nice -n 19 "build/$preset/bin/fuzz_$name" -fork="$jobs" \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=1024 -detect_leaks=0 \
    -max_len="$(max_len "$name")" -artifact_prefix="$found" "${inputs[@]}" >"$log" 2>&1 || code=$?
  touch "$statistics"
  awk -v name="$name" -v commit="$(git rev-parse --short HEAD)" -v seconds="$seconds" -v code="$code" -v build="$preset" '
    { inputs += $1; if ($2 > slow) { slow = $2; bytes = $3 } if ($4 > peak) peak = $4 }
    END {
      printf "%s\t%s\t%s\t%d\t%.6f\t%d\t%d\t%s\t%s\n", name, commit, seconds, inputs, slow, bytes, peak, code, build
    }
  ' "$statistics" >>$work/campaign.tsv
  rm -f "$statistics"
  tail -1 $work/campaign.tsv |
    awk -F'\t' '{ printf "%-18s %12d inputs in %d s, slowest %.3f s, peak %d MiB\n", $1, $4, $3, $5, $7 / 1024 }'
  if [ "$code" -ne 0 ]; then
    echo "$name ended with exit code $code; see $log and $found" >&2
    return 1
  fi
}

case $action in
  run)
    build $preset
    failed=0
    for name in $chosen; do run "$name" || failed=1; done
    exit $failed
    ;;
  report)
    [ -f $work/campaign.tsv ] || { echo 'no run has been made yet' >&2; exit 1; }
    echo '| harness | inputs, sanitizers | inputs, fast | slowest input | peak memory |'
    echo '|---|---:|---:|---:|---:|'
    for name in $harnesses; do
      awk -F'\t' -v name="$name" '
        $1 == name { inputs[$9] += $4; if ($5 > slow) slow = $5; if ($7 > peak) peak = $7 }
        END {
          printf "| `%s` | %d | %d | %.3f s | %d MiB |\n", name, inputs["fuzz"], inputs["fuzz-fast"], slow, peak / 1024
        }' $work/campaign.tsv
    done
    awk -F'\t' '
      { inputs[$9] += $4 }
      END { printf "| all | %d | %d | | |\n", inputs["fuzz"], inputs["fuzz-fast"] }' $work/campaign.tsv
    ;;
  coverage)
    build coverage
    python3 tools/fuzz_coverage.py --missing
    ;;
  keep)
    build fuzz
    for name in $chosen; do
      [ -d "$work/corpus/$name" ] || continue
      # -merge=1 copies only inputs that add to the coverage of the first folder.
      "$work/bin/fuzz_$name" -merge=1 -max_len="$(max_len "$name")" "fuzz/corpus/$name" "$work/corpus/$name" \
        >"$work/logs/$name-keep.log" 2>&1
      echo "$name: $(ls "fuzz/corpus/$name" | wc -l) inputs, $(du -sb "fuzz/corpus/$name" | cut -f1) bytes"
    done
    ;;
esac
