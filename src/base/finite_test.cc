#include "base/finite.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace cellm {
namespace {

TEST(Finite, OneValueThatIsNotIsFound) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values(2500, std::numeric_limits<float>::max());
  EXPECT_TRUE(all_finite(values));
  EXPECT_TRUE(all_finite({}));
  for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::size_t at : {0U, 1023U, 1024U, 2499U}) {
      std::vector<float> one = values;
      one[at] = bad;
      EXPECT_FALSE(all_finite(one)) << at;
    }
  }
}

}  // namespace
}  // namespace cellm
