// For tests: the models of testdata.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// The names of a folder's files that end in `extension`, without it, sorted.
inline std::vector<std::string> stems(const std::filesystem::path& folder,
                                      std::string_view extension) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Models of testdata/models of every family and kind of layer: those with golden gradients.
inline std::vector<std::string> family_models() {
  return stems(std::filesystem::path(CELLM_TESTDATA) / "gradients", ".safetensors");
}

}  // namespace cellm
