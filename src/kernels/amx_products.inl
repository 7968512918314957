// Products of int8_kernels.inl by tiles of AMX: 16 tokens × 16 rows of weights, 64 columns at a
// time, fewer where a sum ends. The including file is inside an unnamed namespace and has defined
// the primitives of int8_kernels.inl with kIntLanes = 16, except kIntTokens and TileProducts; and
// TileShapes and Tiles (amx_instructions.inl).
//
// A quad of 16 rows of weights is a row of the second operand as it lies.

constexpr std::size_t kIntTokens = 16;

constexpr std::size_t kSumTiles = 4;
// Tiles of the codes of 16 tokens and of 16 rows of weights, of `columns` columns or of half as
// many.
template <bool kHalf>
constexpr std::size_t kInputTile = kSumTiles + (kHalf ? 2 : 0);
template <bool kHalf>
constexpr std::size_t kCodeTile = kInputTile<kHalf> + 1;

// While it lives, this thread has tiles. Outside of kernels none is in use: registers in use are
// saved at every switch of threads.
class TilesInUse {
 public:
  explicit TilesInUse(std::size_t columns) {
    TileShapes shapes;
    for (std::size_t sums = 0; sums < kSumTiles; ++sums) shape(shapes, sums, kIntTokens, 64);
    shape(shapes, kInputTile<false>, kIntTokens, columns);
    shape(shapes, kCodeTile<false>, columns / 4, 64);
    shape(shapes, kInputTile<true>, kIntTokens, columns / 2);
    shape(shapes, kCodeTile<true>, columns / 8, 64);
    Tiles::configure(shapes);
  }
  ~TilesInUse() { Tiles::release(); }
  TilesInUse(const TilesInUse&) = delete;
  TilesInUse& operator=(const TilesInUse&) = delete;

 private:
  static void shape(TileShapes& shapes, std::size_t tile, std::size_t rows, std::size_t row_bytes) {
    shapes.rows[tile] = static_cast<unsigned char>(rows);
    shapes.row_bytes[tile] = static_cast<std::uint16_t>(row_bytes);
  }
};
// Of tiles for products whose activations share a scale in `block` columns.
constexpr std::size_t tile_columns(std::size_t block) {
  return block < 64 ? 32 : 64;
}

struct TileProducts {
  static constexpr bool kUsed = true;
  static constexpr bool kWhole = true;

  template <unsigned kBits, int kZero>
  static void arrange(const unsigned char* from, unsigned char* to) {
    if constexpr (kZero != 0) {
      store_bytes(to, subtract_bytes<kZero>(load_bytes(from)));
      store_bytes(to + 64, subtract_bytes<kZero>(load_bytes(from + 64)));
    } else if (from != to) {
      __builtin_memcpy(to, from, 128);
    }
  }

  // kSums is the tile of the sums.
  template <std::size_t kSums, std::size_t kBlock>
  [[gnu::always_inline]] static inline void multiply(const unsigned char* bytes,
                                                     const signed char* inputs, std::size_t stride,
                                                     std::size_t columns, std::int32_t* sums) {
    static_assert(kIntLanes == 16 && kSums < kSumTiles);
    constexpr std::size_t kColumns = tile_columns(kBlock);
    Tiles::zero<kSums>();
    for (; columns >= kColumns; columns -= kColumns) {
      add_tile<kSums, kColumns, false>(bytes, inputs, stride);
      bytes += kColumns * 16;
      inputs += kColumns;
    }
    if (columns != 0) add_tile<kSums, kColumns / 2, true>(bytes, inputs, stride);
    Tiles::store<kSums>(sums);
  }

 private:
  template <std::size_t kSums, std::size_t kColumns, bool kHalf>
  [[gnu::always_inline]] static inline void add_tile(const unsigned char* bytes,
                                                     const signed char* inputs,
                                                     std::size_t stride) {
    Tiles::load<kInputTile<kHalf>, kColumns>(inputs, stride);
    Tiles::load<kCodeTile<kHalf>, kColumns * 16>(bytes, 64);
    Tiles::multiply_add<kSums, kInputTile<kHalf>, kCodeTile<kHalf>>();
  }
};
