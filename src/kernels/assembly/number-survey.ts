// Extremes of doubles, and how many are zero or NaN.

/** Writes four f64: the least and the greatest value (∞ and −∞ without any), zeros, NaNs. NaN is passed over by the first three. */
export function surveyNumbers(values: usize, count: u32, out: usize): void {
  const zero = f64x2.splat(0);
  let least = f64x2.splat(Infinity);
  let most = f64x2.splat(-Infinity);
  // A lane that compares true is −1.
  let zeros = i64x2.splat(0);
  let numbers = i64x2.splat(0);
  const end = values + ((<usize>count) << 3);
  for (; values + 8 < end; values += 16) {
    const x = v128.load(values);
    least = f64x2.pmin(least, x);
    most = f64x2.pmax(most, x);
    zeros = i64x2.sub(zeros, f64x2.eq(x, zero));
    numbers = i64x2.sub(numbers, f64x2.eq(x, x));
  }
  let low = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  let high = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  let zeroCount = i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1);
  let numberCount = i64x2.extract_lane(numbers, 0) + i64x2.extract_lane(numbers, 1);
  if (values < end) {
    const x = load<f64>(values);
    if (x < low) low = x;
    if (x > high) high = x;
    if (x == 0) zeroCount++;
    if (x == x) numberCount++;
  }
  store<f64>(out, low);
  store<f64>(out, high, 8);
  store<f64>(out, <f64>zeroCount, 16);
  store<f64>(out, <f64>(count - numberCount), 24);
}
