/** A value at a moment. */
export interface Point {
  readonly hours: number;
  readonly value: number;
}

/** What something grows by in an hour, and the interval that holds the truth in 95 of 100 cases. */
export interface Slope {
  readonly perHour: number;
  readonly low: number;
  readonly high: number;
}

/** 0.975 quantiles of Student's distribution, for 1 degree of freedom and more. */
const students = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function student(freedom: number): number {
  // From 31 on within a thousandth.
  return students[freedom - 1] ?? 1.96 + 2.42 / freedom;
}

/** Means of `count` blocks of the same length in time; a block without a point is left out. */
export function blockMeans(points: readonly Point[], count: number): Point[] {
  const from = points[0]?.hours ?? 0;
  const length = ((points.at(-1)?.hours ?? 0) - from) / count;
  const blocks = Array.from({ length: count }, (): Point[] => []);
  for (const point of points) blocks[Math.min(count - 1, Math.floor((point.hours - from) / length))]?.push(point);
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => ({
      hours: mean(block.map(({ hours }) => hours)),
      value: mean(block.map(({ value }) => value)),
    }));
}

/** The straight line that is nearest to the points (least squares), its interval by their distances from it. */
export function lineThrough(points: readonly Point[]): Slope {
  const [x, y] = [mean(points.map(({ hours }) => hours)), mean(points.map(({ value }) => value))];
  const spread = sum(points.map(({ hours }) => (hours - x) ** 2));
  const perHour = sum(points.map(({ hours, value }) => (hours - x) * (value - y))) / spread;
  const rest = sum(points.map(({ hours, value }) => (value - y - perHour * (hours - x)) ** 2));
  const freedom = points.length - 2;
  const half = freedom < 1 ? Number.POSITIVE_INFINITY : student(freedom) * Math.sqrt(rest / freedom / spread);
  return { perHour, low: perHour - half, high: perHour + half };
}

/** The mean over slopes that know nothing of each other, its interval by how they differ. */
export function meanSlope(slopes: readonly Slope[]): Slope {
  const [only] = slopes;
  if (slopes.length === 1 && only !== undefined) return only;
  const perHour = mean(slopes.map((slope) => slope.perHour));
  const freedom = slopes.length - 1;
  const variance = sum(slopes.map((slope) => (slope.perHour - perHour) ** 2)) / freedom;
  const half = student(freedom) * Math.sqrt(variance / slopes.length);
  return { perHour, low: perHour - half, high: perHour + half };
}

/**
 * Whether one process for itself has grown beyond doubt, and by so much that it is no matter of chance: by a quarter, and by one.
 * V8 collects all of a heap of this size once or twice an hour: between these it grows, too.
 */
export function hasGrown(points: readonly Point[]): boolean {
  const { perHour, low } = lineThrough(points);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return false;
  return low > 0 && perHour * (last.hours - first.hours) > Math.max(1, first.value / 4);
}

/** Whether zero is in the interval: no growth has been seen, nor the opposite. */
export function isFlat({ low, high }: Slope): boolean {
  return low <= rounding && high >= -rounding;
}

/** What never changes has a slope of nothing, but for the arithmetic. */
const rounding = 1e-9;

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
