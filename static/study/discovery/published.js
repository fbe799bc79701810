// What Ferrando et al. published, to be drawn beside: MaxMin of Gemma 2 2B with Gemma Scope 16k by the paper's layer, 1
// to 25, not filtered by a corpus (their figure 2). Read off the vector plots that the authors had committed, ±0.005.

export const GEMMA_2_2B = {
  title: "Gemma 2 2B, as published",
  known: [
    0.025, 0.194, 0.213, 0.165, 0.208, 0.216, 0.391, 0.459, 0.479, 0.492, 0.546, 0.573, 0.649, 0.462, 0.53, 0.516,
    0.526, 0.335, 0.483, 0.531, 0.386, 0.43, 0.527, 0.551, 0.247,
  ],
  unknown: [
    0.033, 0.128, 0.11, 0.145, 0.117, 0.212, 0.191, 0.131, 0.272, 0.246, 0.241, 0.201, 0.206, 0.184, 0.287, 0.185,
    0.062, 0.073, 0.071, 0.183, 0.125, 0.172, 0.177, 0.074, 0.124,
  ],
};
