// The tables of the trellis formats, as tools/train_trellis_tables.cc prints them. Files name them
// by format and id: a table that was ever here stays as it is, a better one gets the next id.
#include <array>

#include "base/error.h"
#include "format/trellis.h"

namespace cellm {
namespace {

// The last of a format is what new files use. The errors are those of weights of variance 1.
constexpr std::array<TrellisTable, 5> kTables{{
    // mean squared error 0.00511
    {FormatId::kT4,
     1,
     19.8957F,
     {{6, 8, 5, 2, 3, 0, 1, 10, 14, 9, 11, 12, 4, 15, 13, 7},
      {12, 9, 13, 14, 0, 15, 6, 10, 2, 7, 8, 3, 4, 1, 5, 11},
      {{23, 89, 70, 39, 33, 53, 36, 57, 61, 50, 17, 1, 41, 65, 47, 44},
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {{36, 20, 24, 8, 30, 16, 27, 15, 4, 11, 19, 23, 0, 9, 20, 13},
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}},
    // mean squared error 0.01984
    {FormatId::kT3,
     1,
     21.0713F,
     {{8, 10, 7, 1, 13, 4, 11, 3, 12, 9, 0, 6, 5, 15, 14, 2},
      {14, 13, 10, 9, 4, 3, 1, 6, 5, 12, 8, 2, 15, 7, 11, 0},
      {{75, 49, 65, 42, 92, 34, 23, 56, 57, 35, 19, 42, 48, 1, 66, 29},
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {{13, 33, 29, 22, 13, 13, 18, 8, 23, 21, 20, 6, 0, 10, 26, 16},
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}},
    // mean squared error 0.07370
    {FormatId::kT2,
     2,
     23.7958F,
     {{15, 8, 11, 9, 3, 6, 14, 7, 1, 4, 10, 2, 12, 13, 0, 5},
      {0, 2, 8, 7, 13, 12, 6, 11, 4, 10, 3, 14, 9, 1, 5, 15},
      {{33, 51, 59, 57, 56, 32, 3, 19, 77, 35, 51, 8, 26, 32, 41, 71},
       {77, 55, 2, 39, 84, 47, 26, 39, 31, 26, 23, 62, 6, 60, 40, 59}},
      {{25, 21, 20, 50, 47, 32, 33, 13, 19, 14, 1, 11, 28, 32, 0, 35},
       {11, 9, 22, 31, 13, 22, 11, 21, 39, 25, 16, 0, 29, 32, 40, 21}}}},
    // mean squared error 0.14671
    {FormatId::kT1H,
     1,
     25.6186F,
     {{12, 0, 11, 6, 4, 2, 7, 9, 14, 5, 8, 3, 15, 10, 13, 1},
      {2, 5, 12, 0, 9, 4, 11, 14, 13, 3, 15, 7, 10, 6, 8, 1},
      {{1, 65, 34, 89, 56, 60, 41, 28, 52, 60, 50, 80, 7, 37, 28, 25},
       {35, 3, 42, 36, 66, 40, 22, 60, 50, 30, 72, 68, 68, 91, 46, 12}},
      {{20, 6, 20, 25, 20, 9, 12, 17, 0, 13, 31, 36, 26, 38, 13, 30},
       {3, 21, 20, 21, 22, 13, 34, 0, 13, 14, 12, 35, 24, 17, 2, 8}}}},
    // mean squared error 0.27421
    {FormatId::kT1,
     2,
     30.1759F,
     {{4, 1, 3, 14, 15, 7, 8, 5, 2, 13, 12, 11, 9, 10, 6, 0},
      {6, 2, 7, 13, 0, 4, 14, 5, 11, 15, 9, 1, 10, 3, 12, 8},
      {{68, 90, 20, 46, 52, 57, 20, 71, 38, 96, 46, 1, 38, 59, 66, 21},
       {48, 77, 59, 21, 44, 95, 10, 47, 59, 33, 51, 44, 35, 70, 5, 88}},
      {{11, 13, 8, 16, 21, 22, 30, 9, 15, 19, 0, 14, 24, 1, 17, 19},
       {20, 7, 13, 7, 27, 14, 22, 2, 16, 1, 28, 24, 0, 28, 19, 9}}}},
}};

// Levels fit into 7 bits, and mixed nibbles are nibbles.
constexpr bool is_sound(const TrellisTable& table) {
  for (int v = 0; v < 2; ++v) {
    for (int level = 0; level < 16; ++level) {
      for (int offset = 0; offset < 16; ++offset) {
        if (table.levels.levels[v][level] + table.levels.offsets[v][offset] > 127) return false;
      }
    }
  }
  for (int n = 0; n < 16; ++n) {
    if (table.levels.near_mix[n] > 15 || table.levels.far_mix[n] > 15) return false;
  }
  return true;
}
static_assert(is_sound(kTables[0]) && is_sound(kTables[1]) && is_sound(kTables[2]) &&
              is_sound(kTables[3]) && is_sound(kTables[4]));

}  // namespace

const TrellisTable& default_trellis_table(FormatId format) {
  const TrellisTable* found = nullptr;
  for (const TrellisTable& table : kTables) {
    if (table.format == format) found = &table;
  }
  CELLM_CHECK(found != nullptr);
  return *found;
}

const TrellisTable* find_trellis_table(FormatId format, std::uint32_t id) {
  for (const TrellisTable& table : kTables) {
    if (table.format == format && table.id == id) return &table;
  }
  return nullptr;
}

}  // namespace cellm
