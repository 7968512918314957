// A system library that is loaded at first use (docs/decisions/0081-libcurl-at-first-use.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cellm {

// Stays loaded until the process ends: libcurl and its libraries register functions that run then.
class NetworkLibrary {
 public:
  // `soname`: as the dynamic linker searches it, "libcurl.so.4". Throws Error(kUnsupported) if it
  // cannot be loaded.
  explicit NetworkLibrary(const char* soname);

  // Sets `function` to the library's function of this name. Throws Error(kUnsupported) if there is
  // none.
  template <class Function>
  void find(const char* name, Function*& function) const {
    function = reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::string soname_;
  void* handle_;
};

// An ELF note that names a library which is loaded at run time, for tools that make packages and
// their dependencies (https://systemd.io/ELF_DLOPEN_METADATA/).
template <std::size_t N>
struct LibraryNote {
  std::uint32_t name_bytes;
  std::uint32_t json_bytes;
  std::uint32_t type;
  char name[4];
  char json[(N + 3) / 4 * 4];  // notes are padded to 4 bytes
};

}  // namespace cellm

// Defines the note of a library that the hub needs. `soname`: a string literal.
#define CELLM_NETWORK_LIBRARY_NOTE(soname)                                             \
  CELLM_LIBRARY_NOTE(                                                                  \
      "[{\"feature\":\"hub\",\"description\":\"Models by name, from the Hugging Face " \
      "hub\",\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]")
#define CELLM_LIBRARY_NOTE(json)                                                             \
  [[gnu::used, gnu::section(".note.dlopen")]] alignas(4) constexpr LibraryNote<sizeof(json)> \
      kLibraryNote = {4, sizeof(json), 0x407c0c0a, "FDO", json}
