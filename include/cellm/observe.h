/*
 * What a model computes inside, in the C interface. Included by cellm.h, whose rules hold here too.
 */
#ifndef CELLM_OBSERVE_H
#define CELLM_OBSERVE_H

#include <cellm/cellm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of consecutive tokens. They are the input that the matrices `names` share, or without
 * names the hidden state, the residual stream before the layer. */
typedef struct cellm_observed {
  size_t size;
  const char* const* names; /* as in a Hugging Face file, without the text model's prefix:
                               "layers.0.mlp.down_proj.weight", "lm_head.weight" */
  size_t names_count;       /* 0: a hidden state */
  size_t layer;             /* from 0; lm_head.weight: the number of layers */
  size_t first;             /* of the tokens: its index in ids */
  size_t tokens;
  size_t cols;
  const float* values; /* (tokens, cols), valid during the call */
} cellm_observed;

/* Called on the calling thread. Nonzero ends the call with CELLM_CANCELLED. */
typedef int (*cellm_on_observed)(void* user, const cellm_observed* observed);

/* Appends tokens, as cellm_session_advance(), and reports the hidden state before each layer and
 * each input of a matrix in the order of the forward pass, some tokens at a time. Behind the last
 * layer comes the input of the output matrix, the hidden state after the final norm. After a
 * failure the session is unchanged. */
CELLM_API cellm_status cellm_session_observe(cellm_session* session, const uint32_t* ids,
                                             size_t count, cellm_on_observed on_observed,
                                             void* user);

#ifdef __cplusplus
}
#endif

#endif
