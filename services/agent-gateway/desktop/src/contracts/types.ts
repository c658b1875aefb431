import type { CommandRequest, TimelineEntry } from "./generated";

export type * from "./generated";
export type Command = CommandRequest["command"];
export type Event = TimelineEntry["event"];
export type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;
