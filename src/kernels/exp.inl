// The part of e^v that all vector targets share. The including file is inside an unnamed namespace
// and has defined Vec, broadcast() and mul_add() (see f32_kernels.inl).

// e^(v − k ln 2) for k = round(v / ln 2): ln 2 in two parts, so that r is exact; e^r for |r| ≤ ln 2
// / 2 by its Taylor polynomial of degree 7, whose error there is 1e-8. e^v is this times 2^k.
Vec reduced_exp(Vec v, Vec k) {
  Vec r = mul_add(k, broadcast(-0.693359375F), v);
  r = mul_add(k, broadcast(2.12194440e-4F), r);
  Vec p = broadcast(1.0F / 5040.0F);
  p = mul_add(p, r, broadcast(1.0F / 720.0F));
  p = mul_add(p, r, broadcast(1.0F / 120.0F));
  p = mul_add(p, r, broadcast(1.0F / 24.0F));
  p = mul_add(p, r, broadcast(1.0F / 6.0F));
  p = mul_add(p, r, broadcast(0.5F));
  p = mul_add(p, r, broadcast(1.0F));
  return mul_add(p, r, broadcast(1.0F));
}
