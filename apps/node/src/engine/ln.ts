const view = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm of a positive, normal number, made of additions, multiplications and divisions
 * only. IEEE 754 fixes their results to the last bit, while `Math.log` may differ between engines;
 * a ranking has to be the same on every copy. Agrees with `Math.log` to 2e-16 relative or 1e-15
 * absolute.
 */
export function ln(x: number): number {
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  view.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let mantissa = view.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), with |argument| < 0.172: eleven terms reach the last bit.
  const argument = (mantissa - 1) / (mantissa + 1);
  const square = argument * argument;
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return exponent * Math.LN2 + 2 * argument * sum;
}
