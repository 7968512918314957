// A model of amx_instructions.inl in plain C++, for tests on any processor. The including file is
// inside an unnamed namespace and has included scalar_integers.inl and gtest/gtest.h. Undefined
// instructions, which the processor would refuse, fail the test.

struct TileShapes {
  unsigned char palette = 1;
  unsigned char start_row = 0;
  unsigned char reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  unsigned char rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

template <int kAmount>
IntVec subtract_bytes(const IntVec& v) {
  unsigned char bytes[64];
  std::memcpy(bytes, &v, sizeof(bytes));
  for (auto& byte : bytes) byte = static_cast<unsigned char>(byte - kAmount);
  return load_bytes(bytes);
}

struct ModelTile {
  std::size_t rows = 0;
  std::size_t row_bytes = 0;
  unsigned char bytes[16][64] = {};
};
struct Tiles {
  static inline bool in_use = false;
  static inline ModelTile tiles[8];

  static void configure(const TileShapes& shapes) {
    EXPECT_FALSE(in_use);
    EXPECT_EQ(shapes.palette, 1);
    EXPECT_EQ(shapes.start_row, 0);
    in_use = true;
    for (std::size_t i = 0; i < 16; ++i) {
      EXPECT_LE(shapes.rows[i], i < 8 ? 16 : 0);
      EXPECT_LE(shapes.row_bytes[i], i < 8 ? 64 : 0);
      if (i < 8) tiles[i] = {shapes.rows[i], shapes.row_bytes[i], {}};
    }
  }
  static void release() {
    EXPECT_TRUE(in_use);
    in_use = false;
    for (ModelTile& tile : tiles) tile = {};
  }
  template <std::size_t kTile>
  static void zero() {
    expect_shape<kTile>();
    std::memset(tiles[kTile].bytes, 0, sizeof(tiles[kTile].bytes));
  }
  template <std::size_t kTile, std::size_t kSize>
  static void load(const void* p, std::size_t stride) {
    zero<kTile>();
    for (std::size_t row = 0; row < tiles[kTile].rows; ++row) {
      std::memcpy(tiles[kTile].bytes[row], static_cast<const unsigned char*>(p) + row * stride,
                  tiles[kTile].row_bytes);
    }
  }
  template <std::size_t kTile>
  static void store(std::int32_t* to) {
    expect_shape<kTile>();
    EXPECT_EQ(tiles[kTile].rows * tiles[kTile].row_bytes, 1024U);
    std::memcpy(to, tiles[kTile].bytes, sizeof(tiles[kTile].bytes));
  }
  template <std::size_t kSums, std::size_t kFirst, std::size_t kSecond>
  static void multiply_add() {
    expect_shape<kSums>();
    expect_shape<kFirst>();
    expect_shape<kSecond>();
    ModelTile& sums = tiles[kSums];
    const ModelTile& first = tiles[kFirst];
    const ModelTile& second = tiles[kSecond];
    ASSERT_TRUE(kSums != kFirst && kSums != kSecond && kFirst != kSecond);
    ASSERT_EQ(sums.rows, first.rows);
    ASSERT_EQ(sums.row_bytes, second.row_bytes);
    ASSERT_EQ(first.row_bytes, second.rows * 4);
    for (std::size_t row = 0; row < first.rows; ++row) {
      std::int32_t lanes[16];
      std::memcpy(lanes, sums.bytes[row], sizeof(lanes));
      for (std::size_t k = 0; k < first.row_bytes; ++k) {
        for (std::size_t lane = 0; lane < second.row_bytes / 4; ++lane) {
          lanes[lane] +=
              as_signed(first.bytes[row][k]) * as_signed(second.bytes[k / 4][lane * 4 + k % 4]);
        }
      }
      std::memcpy(sums.bytes[row], lanes, sizeof(lanes));
    }
  }

 private:
  static int as_signed(unsigned char byte) { return static_cast<signed char>(byte); }
  template <std::size_t kTile>
  static void expect_shape() {
    static_assert(kTile < 8);
    ASSERT_TRUE(in_use);
    ASSERT_NE(tiles[kTile].rows * tiles[kTile].row_bytes, 0U);
  }
};
