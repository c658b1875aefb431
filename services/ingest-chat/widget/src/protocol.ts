// What the service and the widget say to each other; the service's README has it in prose.

export type EntryState = "pending" | "accepted" | "sent" | "delivered" | "read";

export interface Attachment {
  readonly url: string;
  readonly media_type: string;
  readonly filename: string;
  readonly size_bytes: number;
}

export interface Entry {
  readonly seq: number;
  readonly id: string;
  readonly author: "visitor" | "agent";
  readonly name: string | null;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly at: string;
  readonly state: EntryState;
  readonly client_message_id?: string;
}

export type ServerFrame =
  | { type: "hello"; conversation_id: string; last_seq: number; read_seq: number; reset: boolean }
  | { type: "entries"; entries: Entry[]; earlier?: boolean }
  | { type: "live" }
  | { type: "accepted"; client_message_id: string; entry: Entry }
  | { type: "typing"; active: boolean; name: string | null }
  | { type: "read"; seq: number }
  | { type: "pong" }
  | {
      type: "error";
      code: string;
      detail: string;
      retry: boolean;
      client_message_id?: string;
      retry_after_s?: number;
    };

export type ClientFrame =
  | { type: "hello"; session: string; after: number | null; language: string }
  | { type: "send"; client_message_id: string; text: string; attachments: string[] }
  | { type: "typing"; active: boolean }
  | { type: "delivered" | "read"; seq: number }
  | { type: "earlier"; before: number }
  | { type: "ping" };

export interface WidgetSettings {
  readonly account: string;
  readonly title: string;
  readonly colour: string;
  readonly ask_contact: boolean;
  readonly max_image_bytes: number;
  readonly answer_time_s: number | null;
}

export interface Session {
  readonly session_token: string;
  readonly expires_at: string;
  readonly conversation_id: string;
  readonly last_seq: number;
  readonly unread: number;
  readonly visitor: { readonly signed: boolean; readonly name: string | null; readonly has_email: boolean };
  readonly widget: WidgetSettings;
}

export interface Upload extends Attachment {
  readonly id: string;
}
