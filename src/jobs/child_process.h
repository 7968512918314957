// Running the program as a child process.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cellm {

// Runs a program with these arguments and returns what it wrote to its standard output; its
// standard error is dropped. What the child uses of memory is its own. Throws Error(kOther) with
// `what` if it cannot be started or does not exit with 0.
std::string output_of(const std::filesystem::path& program,
                      const std::vector<std::string>& arguments, const std::string& what);

}  // namespace cellm
