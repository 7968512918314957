// Reporting the truncation of a mapped file. Reading a page beyond the new end raises SIGBUS, which
// without a handler ends the program without a message.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace cellm {

// Makes SIGBUS inside of a registered mapping end the process with that exit code and one line on
// stderr that names the file; any other SIGBUS keeps its default action. To be called once by a
// program, before it starts threads; libraries must not, since signals belong to their host. Output
// in stdio buffers is lost, as when a process is killed.
void install_mapping_guard(int exit_code);

// Registers an address range of a file, with or without an installed guard. Each object belongs to
// one thread; the registry is shared by all. MappedFile has one.
class GuardedMapping {
 public:
  GuardedMapping() = default;
  ~GuardedMapping() { remove(); }
  GuardedMapping(const GuardedMapping&) = delete;
  GuardedMapping& operator=(const GuardedMapping&) = delete;

  // Throws Error(kResources) when too many mappings are registered at once.
  void add(std::span<const std::byte> range, const std::string& path);
  // Must be called before the range is unmapped, since its addresses may be reused by another file.
  void remove();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string message_;  // written by the handler, which can neither format nor allocate
  std::size_t entry_ = kNone;
};

}  // namespace cellm
