/** Upper bounds, in seconds, of what is told by a histogram of times: a millisecond to more than the deadline. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5]
