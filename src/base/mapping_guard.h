// What happens when a mapped file becomes shorter while it is read: the kernel answers with SIGBUS,
// and a program that does not handle it dies without a word.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace cellm {

// Makes SIGBUS inside a registered mapping end the process with exit code 3 and one line on
// standard error that names the file; any other SIGBUS keeps its default action. For programs, to
// be called once before threads start: a library does not take signals away from its host. Output
// that is still in a stdio buffer is lost, as it is when a process is killed.
void install_mapping_guard();

// Registers an address range of a file, whether a guard is installed or not. Each object belongs to
// one thread, the registry behind them to all. MappedFile has one.
class GuardedMapping {
 public:
  GuardedMapping() = default;
  ~GuardedMapping() { remove(); }
  GuardedMapping(const GuardedMapping&) = delete;
  GuardedMapping& operator=(const GuardedMapping&) = delete;

  // Throws Error(kResources) when too many mappings are registered at once.
  void add(std::span<const std::byte> range, const std::string& path);
  // To be called before the range is unmapped: its addresses may then become another file's.
  void remove();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string message_;  // what the handler writes; it can neither format nor allocate
  std::size_t entry_ = kNone;
};

}  // namespace cellm
