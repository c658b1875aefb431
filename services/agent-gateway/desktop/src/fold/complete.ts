import { SHAPES } from "../contracts/shapes";

/** Where models sit in a value. */
export interface Place {
  model?: string;
  list?: Place;
  map?: Place;
  union?: Record<string, string>;
}
export interface Shape {
  fallback?: unknown;
  place?: Place;
}
export type Shapes = Record<string, Record<string, Shape>>;

/**
 * The value with every field that its writer left out filled in, as the Python readers of the same schemas do.
 * Fields that the schemas do not know stay as they are: a reader survives a newer writer.
 */
export function complete<T>(model: string, value: unknown): T {
  return filled({ model }, value) as T;
}

function filled(place: Place, value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (place.list) {
    const inner = place.list;
    return Array.isArray(value) ? value.map((item) => filled(inner, item)) : value;
  }
  const record = value as Record<string, unknown>;
  if (place.map) {
    const inner = place.map;
    return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, filled(inner, item)]));
  }
  const model = place.union ? place.union[String(record.type)] : place.model;
  const shapes = model === undefined ? undefined : SHAPES[model];
  if (!shapes) return value;
  if (shapes["*"]?.place) return filled(shapes["*"].place, value);
  const result: Record<string, unknown> = { ...record };
  for (const [field, shape] of Object.entries(shapes)) {
    if (result[field] === undefined) {
      if ("fallback" in shape) result[field] = structuredClone(shape.fallback);
    } else if (shape.place) {
      result[field] = filled(shape.place, result[field]);
    }
  }
  return result;
}
