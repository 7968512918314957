# The Debian 12 packages that cellm needs, and require_packages, which installs missing ones.
# Sourced by other scripts (". packages.sh"), not run by itself.

# Required by CMakeLists.txt.
build_packages='g++ cmake ninja-build ccache pkg-config nlohmann-json3-dev libcli11-dev libfmt-dev
  libedit-dev libpcre2-dev libutf8proc-dev libxxhash-dev libcurl4-openssl-dev libssl-dev
  libcpp-httplib-dev
  libjs-chart.js libjs-marked node-dompurify node-prismjs'
# Required to build the tests.
test_packages='libgtest-dev'
# Required by the tests beyond that: style checks (tools/check_*), the Python package, Debian packages, the reference of chat
# templates, certificates for tests of https, emulation of older processors, a balancer in front of two servers.
check_packages='clang-format clang-tidy dpkg-dev haproxy lintian python3 python3-dev python3-jinja2 python3-venv openssl qemu-user'
# Required by scripts/release.sh.
package_packages='dpkg-dev python3-dev python3-venv'
# Required by scripts/fuzz.sh: clang, its runtime and llvm-cov.
fuzz_packages='clang-14 libclang-rt-14-dev llvm-14'
# Required by scripts/aarch64.sh. The libraries for arm64 are not installed but unpacked into a folder.
aarch64_packages='g++-aarch64-linux-gnu qemu-user'
aarch64_libraries='nlohmann-json3-dev libcli11-dev libfmt-dev libedit-dev libpcre2-dev libutf8proc-dev libxxhash-dev
  libcurl4-openssl-dev libssl-dev libcpp-httplib-dev libgtest-dev libstdc++-12-dev'
# Required by the demo's output.
demo_packages='python3'

is_installed() {
  case $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) in
    installed*) return 0 ;;
    *) return 1 ;;
  esac
}

# Runs a command as root; its output goes to stderr.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@" >&2
  elif [ -t 0 ]; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@" >&2  # may ask for the password
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@" >&2
  fi
}

# Whether as_root is possible.
can_be_root() {
  if [ "$(id -u)" -eq 0 ]; then return 0; fi
  command -v sudo >/dev/null 2>&1 || return 1
  [ -t 0 ] || sudo -n true 2>/dev/null
}

# require_packages NAME...: returns only when all are installed; otherwise prints the command to
# type and exits 1.
require_packages() {
  local name missing=''
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo 'This is not a Debian system, so nothing is installed by itself. The packages needed are, by' >&2
    echo "their Debian names: $(echo $*)" >&2
    for name in c++ cmake ninja pkg-config python3; do
      if ! command -v "$name" >/dev/null 2>&1; then
        echo "$name is missing; install it and the rest of the list, then run this again." >&2
        exit 1
      fi
    done
    return 0
  fi
  for name in "$@"; do
    is_installed "$name" || missing="$missing $name"
  done
  if [ -z "$missing" ]; then return 0; fi

  if ! can_be_root; then
    echo 'Packages are missing. As root, run this and then the script again:' >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  echo "Installing$missing" >&2
  # An old or empty package list is the usual cause of a failure, so it is updated only then.
  if ! as_root apt-get install -qq --yes --no-install-recommends $missing 2>/dev/null; then
    if ! { as_root apt-get update -qq &&
           as_root apt-get install -qq --yes --no-install-recommends $missing; }; then
      echo "Installing failed. Try: apt-get install --no-install-recommends$missing" >&2
      exit 1
    fi
  fi
}
