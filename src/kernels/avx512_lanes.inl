// A mask of the avx512vnni and amx targets. The including file is inside an unnamed namespace.

__mmask16 first_lanes(std::size_t n) {
  return static_cast<__mmask16>((1U << n) - 1U);
}
