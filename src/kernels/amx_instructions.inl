// The instructions that amx_products.inl is written in. Included by target_amx.cc alone;
// amx_model.inl has the same functions in plain C++.

// The operand of ldtilecfg.
struct alignas(64) TileShapes {
  unsigned char palette = 1;
  unsigned char start_row = 0;
  unsigned char reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  unsigned char rows[16] = {};
};

template <int kAmount>
IntVec subtract_bytes(IntVec v) {
  return _mm512_sub_epi8(v, _mm512_set1_epi8(static_cast<char>(kAmount)));
}

struct Tiles {
  static void configure(const TileShapes& shapes) {
    __asm__ volatile("ldtilecfg %0" : : "m"(shapes));
  }
  static void release() { __asm__ volatile("tilerelease"); }

  template <std::size_t kTile>
  static void zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  // Rows that lie `stride` bytes apart. The compiler may think that nothing but the first kSize
  // bytes is read.
  template <std::size_t kTile, std::size_t kSize>
  static void load(const void* p, std::size_t stride) {
    struct Bytes {
      unsigned char all[kSize];
    };
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2"
                     :
                     : "r"(p), "r"(stride), "i"(kTile), "m"(*static_cast<const Bytes*>(p)));
  }
  // 16 × 16 sums.
  template <std::size_t kTile>
  static void store(std::int32_t* to) {
    struct Bytes {
      unsigned char all[1024];
    };
    __asm__ volatile("tilestored %%tmm%c3, (%1,%2,1)"
                     : "=m"(*reinterpret_cast<Bytes*>(to))
                     : "r"(to), "r"(std::size_t{64}), "i"(kTile));
  }
  // Lane (i, j) of the sums += the products of the signed bytes of row i of the first operand and
  // of lane j of all rows of the second.
  template <std::size_t kSums, std::size_t kFirst, std::size_t kSecond>
  static void multiply_add() {
    __asm__ volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0"
                     :
                     : "i"(kSums), "i"(kFirst), "i"(kSecond));
  }
};
