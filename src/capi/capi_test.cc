#include <regex>
#include <string>

#include <cellm/cellm.h>
#include <cellm/cellm.hpp>
#include <gtest/gtest.h>

#include "base/version.h"

namespace cellm {
namespace {

TEST(Capi, HasOneVersion) {
  EXPECT_TRUE(std::regex_match(cellm_version(), std::regex("[0-9]+\\.[0-9]+\\.[0-9]+")));
  EXPECT_EQ(version(), cellm_version());
  EXPECT_EQ(kProgramVersion, "cellm " + std::string(version()));
}

}  // namespace
}  // namespace cellm
