// Generated from libs/contracts/schemas by `npm run generate`. Do not edit.

import type { Shapes } from "../fold/complete";

/** What readers fill in, by model and field, and where further models sit. */
export const SHAPES: Shapes = {
  "Actor": {"name": {"fallback": null}},
  "AddNote": {"type": {"fallback": "add_note"}},
  "Assign": {"type": {"fallback": "assign"}, "agent": {"place": {"model": "Actor"}}},
  "Assigned": {"type": {"fallback": "assigned"}, "agent": {"place": {"model": "Actor"}}},
  "Assurance": {},
  "AssuranceChange": {
    "assurance": {"place": {"model": "Assurance"}},
    "evidence": {"fallback": [], "place": {"list": {"model": "Evidence"}}}
  },
  "AssuredIdentity": {
    "identity": {"place": {"model": "Identity"}},
    "assurance": {"place": {"model": "Assurance"}},
    "evidence": {"fallback": [], "place": {"list": {"model": "Evidence"}}}
  },
  "Attachment": {"inline": {"fallback": false}},
  "Because": {"evidence": {"fallback": [], "place": {"list": {"model": "Evidence"}}}, "link_id": {"fallback": null}},
  "ChangeStatus": {"type": {"fallback": "change_status"}, "status": {"place": {"model": "Status"}}},
  "CommandRequest": {
    "command": {
      "place": {
        "union": {
          "add_note": "AddNote",
          "assign": "Assign",
          "change_status": "ChangeStatus",
          "merge_dossier": "MergeDossier",
          "move_conversation": "MoveConversation",
          "move_message": "MoveMessage",
          "relate_dossier": "RelateDossier",
          "reply": "Reply",
          "resolve_suggestion": "ResolveSuggestion",
          "split_conversation": "SplitConversation",
          "unassign": "Unassign",
          "undo": "Undo",
          "unrelate_dossier": "UnrelateDossier"
        }
      }
    },
    "seen_seq": {"fallback": null}
  },
  "CommandResult": {"to_dossier_id": {"fallback": null}},
  "Conflict": {"values": {"place": {"list": {"model": "SourcedValue"}}}},
  "Consent": {},
  "Contact": {
    "channel": {"fallback": null},
    "dossier_id": {"fallback": null},
    "number": {"fallback": null},
    "conversation_id": {"fallback": null},
    "author": {"fallback": null},
    "text": {"fallback": null},
    "record": {"fallback": null, "place": {"model": "SourcedRecord"}}
  },
  "Conversation": {"conversation_id": {"fallback": ""}},
  "ConversationLinked": {
    "type": {"fallback": "conversation_linked"},
    "conversation": {"place": {"model": "Conversation"}},
    "because": {"place": {"model": "Because"}},
    "moved_from": {"fallback": null},
    "parted_from": {"fallback": []}
  },
  "ConversationUnlinked": {
    "type": {"fallback": "conversation_unlinked"},
    "messages": {"fallback": 0},
    "because": {"place": {"model": "Because"}},
    "since_seq": {"fallback": null},
    "since_at": {"fallback": null},
    "since_message_id": {"fallback": null},
    "parted_from": {"fallback": []}
  },
  "ConversationView": {
    "conversation": {"place": {"model": "Conversation"}},
    "identity": {"fallback": null, "place": {"model": "Identity"}},
    "assurance": {"fallback": null},
    "display_name": {"fallback": null},
    "last_message_at": {"fallback": null},
    "reply_window_ends_at": {"fallback": null},
    "because": {"place": {"model": "Because"}}
  },
  "CustomerCard": {
    "customer": {"place": {"model": "CustomerChanged"}},
    "dossiers": {"place": {"list": {"model": "DossierView"}}},
    "preferred_channel": {"fallback": null},
    "preferred_channel_from": {"fallback": null}
  },
  "CustomerChanged": {
    "display_name": {"fallback": null},
    "languages": {"fallback": []},
    "identities": {"fallback": [], "place": {"list": {"model": "LinkedIdentity"}}},
    "released": {"fallback": [], "place": {"list": {"model": "ReleasedIdentity"}}},
    "merged_into": {"fallback": null},
    "merges": {"fallback": [], "place": {"list": {"model": "CustomerMerge"}}},
    "profile": {"fallback": null, "place": {"model": "Profile"}},
    "erased_at": {"fallback": null}
  },
  "CustomerErased": {
    "type": {"fallback": "customer_erased"},
    "subject": {"fallback": false},
    "conversation_ids": {"fallback": []},
    "handles_in": {"fallback": []},
    "last_message": {"fallback": false}
  },
  "CustomerMerge": {
    "other_name": {"fallback": null},
    "because": {"place": {"model": "Because"}},
    "actor": {"place": {"model": "Actor"}}
  },
  "CustomerReassigned": {
    "type": {"fallback": "customer_reassigned"},
    "customer_name": {"fallback": null},
    "because": {"place": {"model": "Because"}}
  },
  "DeliveryState": {},
  "DeliveryUpdated": {
    "type": {"fallback": "delivery_updated"},
    "state": {"place": {"model": "DeliveryState"}},
    "reason": {"fallback": null},
    "provider_message_id": {"fallback": null}
  },
  "DossierEvent": {"entry": {"place": {"model": "TimelineEntry"}}},
  "DossierMerged": {"type": {"fallback": "dossier_merged"}, "because": {"place": {"model": "Because"}}},
  "DossierOpened": {
    "type": {"fallback": "dossier_opened"},
    "customer_name": {"fallback": null},
    "subject": {"fallback": null},
    "because": {"place": {"model": "Because"}},
    "follows": {"fallback": null}
  },
  "DossierRelated": {"type": {"fallback": "dossier_related"}, "because": {"place": {"model": "Because"}}},
  "DossierSnapshot": {
    "dossier": {"place": {"model": "DossierView"}},
    "timeline": {"place": {"list": {"model": "TimelineEntry"}}}
  },
  "DossierUnmerged": {"type": {"fallback": "dossier_unmerged"}, "because": {"place": {"model": "Because"}}},
  "DossierUnrelated": {"type": {"fallback": "dossier_unrelated"}, "because": {"place": {"model": "Because"}}},
  "DossierView": {
    "customer_name": {"fallback": null},
    "status": {"place": {"model": "Status"}},
    "subject": {"fallback": null},
    "assigned_to": {"fallback": null, "place": {"model": "Actor"}},
    "conversations": {"fallback": [], "place": {"list": {"model": "ConversationView"}}},
    "suggestions": {"fallback": [], "place": {"list": {"model": "Suggestion"}}},
    "last_message": {"fallback": null, "place": {"model": "LastMessage"}},
    "messages": {"fallback": 0},
    "unanswered_since": {"fallback": null},
    "follows": {"fallback": null},
    "merged_into": {"fallback": null},
    "related": {"fallback": [], "place": {"list": {"model": "RelatedDossier"}}}
  },
  "Erasure": {
    "customer_ids": {"fallback": []},
    "step": {"fallback": ""},
    "waits_for": {"fallback": []},
    "reason": {"fallback": "request"},
    "requested_by": {"place": {"model": "Actor"}},
    "finished_at": {"fallback": null},
    "counts": {"fallback": {}}
  },
  "Evidence": {"values": {"fallback": {}}},
  "ExternalReference": {},
  "Identity": {},
  "InboundMessage": {
    "message_id": {"fallback": ""},
    "conversation": {"place": {"model": "Conversation"}},
    "ancestors": {"fallback": []},
    "references": {"fallback": []},
    "sender": {"place": {"model": "Sender"}},
    "participants": {"fallback": [], "place": {"list": {"model": "Participant"}}},
    "direction": {"fallback": "inbound"},
    "automatic": {"fallback": null},
    "subject": {"fallback": null},
    "text": {"fallback": ""},
    "html": {"fallback": null},
    "language": {"fallback": null},
    "attachments": {"fallback": [], "place": {"list": {"model": "Attachment"}}},
    "raw": {"fallback": null, "place": {"model": "Attachment"}},
    "sent_at": {"fallback": null},
    "reply_window_ends_at": {"fallback": null}
  },
  "Inbox": {"dossiers": {"place": {"list": {"model": "DossierView"}}}, "next_page": {"fallback": null}},
  "Journey": {"contacts": {"place": {"list": {"model": "Contact"}}}, "next_before": {"fallback": null}},
  "LastMessage": {},
  "LinkedIdentity": {
    "identity": {"place": {"model": "Identity"}},
    "as_written": {"fallback": []},
    "assurance": {"place": {"model": "Assurance"}},
    "because": {"place": {"model": "Because"}},
    "actor": {"place": {"model": "Actor"}},
    "shared": {"fallback": false},
    "shared_because": {"fallback": null, "place": {"model": "Because"}},
    "history": {"fallback": [], "place": {"list": {"model": "AssuranceChange"}}}
  },
  "MergeDossier": {"type": {"fallback": "merge_dossier"}},
  "MergePreview": {
    "customer": {"place": {"model": "CustomerChanged"}},
    "other": {"place": {"model": "CustomerChanged"}},
    "conflicts": {"fallback": [], "place": {"list": {"model": "Conflict"}}},
    "dossiers": {"fallback": 0}
  },
  "MessageLinked": {
    "type": {"fallback": "message_linked"},
    "message": {"place": {"model": "InboundMessage"}},
    "because": {"place": {"model": "Because"}},
    "moved_from": {"fallback": null}
  },
  "MessageUnlinked": {"type": {"fallback": "message_unlinked"}, "because": {"place": {"model": "Because"}}},
  "MoveConversation": {
    "type": {"fallback": "move_conversation"},
    "to_dossier_id": {"fallback": null},
    "to_customer_id": {"fallback": null}
  },
  "MoveMessage": {
    "type": {"fallback": "move_message"},
    "to_dossier_id": {"fallback": null},
    "to_customer_id": {"fallback": null}
  },
  "MovePreview": {
    "from_dossier": {"place": {"model": "DossierView"}},
    "to_dossier": {"fallback": null, "place": {"model": "DossierView"}},
    "opens": {"fallback": false},
    "conversations": {"fallback": [], "place": {"list": {"model": "ConversationView"}}},
    "messages": {"fallback": 0},
    "replies": {"fallback": 0},
    "empties_source": {"fallback": false},
    "other_customer": {"fallback": false}
  },
  "NoteAdded": {"type": {"fallback": "note_added"}},
  "Participant": {
    "identity": {"place": {"model": "Identity"}},
    "role": {"fallback": "member"},
    "display_name": {"fallback": null}
  },
  "PresenceChanged": {
    "dossier_id": {"fallback": null},
    "conversation_id": {"fallback": null},
    "actor": {"place": {"model": "Actor"}},
    "read_message_id": {"fallback": null}
  },
  "Profile": {
    "attributes": {"fallback": [], "place": {"list": {"model": "SourcedValue"}}},
    "conflicts": {"fallback": []},
    "consents": {"fallback": [], "place": {"list": {"model": "Consent"}}},
    "preferred_channel": {"fallback": null},
    "records": {"fallback": [], "place": {"list": {"model": "SourcedRecord"}}}
  },
  "RelateDossier": {"type": {"fallback": "relate_dossier"}},
  "RelatedDossier": {},
  "ReleasedIdentity": {
    "identity": {"place": {"model": "Identity"}},
    "as_written": {"fallback": []},
    "because": {"place": {"model": "Because"}},
    "actor": {"place": {"model": "Actor"}}
  },
  "Reply": {
    "type": {"fallback": "reply"},
    "text": {"fallback": ""},
    "attachments": {"fallback": [], "place": {"list": {"model": "Attachment"}}},
    "status_after": {"fallback": "waiting", "place": {"model": "Status"}}
  },
  "ReplyLinked": {
    "type": {"fallback": "reply_linked"},
    "reply": {"place": {"model": "ReplyRequested"}},
    "agent": {"place": {"model": "Actor"}},
    "states": {"fallback": {}, "place": {"map": {"model": "DeliveryState"}}},
    "joins": {"fallback": false}
  },
  "ReplyRequested": {
    "type": {"fallback": "reply_requested"},
    "attachments": {"fallback": [], "place": {"list": {"model": "Attachment"}}},
    "targets": {"place": {"list": {"model": "ReplyTarget"}}}
  },
  "ReplyTarget": {
    "conversation": {"place": {"model": "Conversation"}},
    "recipient": {"place": {"model": "Identity"}},
    "copies": {"fallback": [], "place": {"list": {"model": "Participant"}}},
    "subject": {"fallback": null},
    "in_reply_to": {"fallback": null},
    "ancestors": {"fallback": []},
    "window_ends_at": {"fallback": null}
  },
  "ReplyUnlinked": {
    "type": {"fallback": "reply_unlinked"},
    "stays": {"fallback": false},
    "because": {"place": {"model": "Because"}}
  },
  "ResolveSuggestion": {"type": {"fallback": "resolve_suggestion"}},
  "Sender": {
    "primary": {"place": {"model": "AssuredIdentity"}},
    "others": {"fallback": [], "place": {"list": {"model": "AssuredIdentity"}}},
    "display_name": {"fallback": null}
  },
  "SourcedRecord": {
    "state": {"fallback": null},
    "amount": {"fallback": null},
    "url": {"fallback": null},
    "references": {"fallback": [], "place": {"list": {"model": "ExternalReference"}}},
    "removed": {"fallback": false}
  },
  "SourcedValue": {},
  "SplitConversation": {
    "type": {"fallback": "split_conversation"},
    "to_dossier_id": {"fallback": null},
    "to_customer_id": {"fallback": null}
  },
  "Status": {},
  "StatusChanged": {
    "type": {"fallback": "status_changed"},
    "status": {"place": {"model": "Status"}},
    "because": {"place": {"model": "Because"}},
    "merged_into": {"fallback": null}
  },
  "StreamCustomers": {
    "type": {"fallback": "customers"},
    "customers": {"place": {"list": {"model": "CustomerChanged"}}}
  },
  "StreamEvents": {"type": {"fallback": "events"}, "events": {"place": {"list": {"model": "DossierEvent"}}}},
  "StreamHello": {"type": {"fallback": "hello"}},
  "StreamLive": {"type": {"fallback": "live"}},
  "StreamMessage": {
    "*": {
      "place": {
        "union": {
          "customers": "StreamCustomers",
          "events": "StreamEvents",
          "hello": "StreamHello",
          "live": "StreamLive",
          "ping": "StreamPing",
          "presence": "StreamPresence",
          "reset": "StreamReset"
        }
      }
    }
  },
  "StreamPing": {"type": {"fallback": "ping"}},
  "StreamPresence": {"type": {"fallback": "presence"}, "presence": {"place": {"list": {"model": "PresenceChanged"}}}},
  "StreamReset": {"type": {"fallback": "reset"}},
  "Suggestion": {
    "identity": {"fallback": null, "place": {"model": "Identity"}},
    "customer_id": {"fallback": null},
    "customer_name": {"fallback": null},
    "dossier_id": {"fallback": null},
    "because": {"place": {"model": "Because"}}
  },
  "SuggestionMade": {"type": {"fallback": "suggestion_made"}, "suggestion": {"place": {"model": "Suggestion"}}},
  "SuggestionResolved": {"type": {"fallback": "suggestion_resolved"}},
  "Timeline": {"entries": {"place": {"list": {"model": "TimelineEntry"}}}},
  "TimelineEntry": {
    "actor": {"place": {"model": "Actor"}},
    "event": {
      "place": {
        "union": {
          "assigned": "Assigned",
          "conversation_linked": "ConversationLinked",
          "conversation_unlinked": "ConversationUnlinked",
          "customer_erased": "CustomerErased",
          "customer_reassigned": "CustomerReassigned",
          "delivery_updated": "DeliveryUpdated",
          "dossier_merged": "DossierMerged",
          "dossier_opened": "DossierOpened",
          "dossier_related": "DossierRelated",
          "dossier_unmerged": "DossierUnmerged",
          "dossier_unrelated": "DossierUnrelated",
          "message_linked": "MessageLinked",
          "message_unlinked": "MessageUnlinked",
          "note_added": "NoteAdded",
          "reply_linked": "ReplyLinked",
          "reply_requested": "ReplyRequested",
          "reply_unlinked": "ReplyUnlinked",
          "status_changed": "StatusChanged",
          "suggestion_made": "SuggestionMade",
          "suggestion_resolved": "SuggestionResolved",
          "unassigned": "Unassigned"
        }
      }
    }
  },
  "Unassign": {"type": {"fallback": "unassign"}},
  "Unassigned": {"type": {"fallback": "unassigned"}},
  "Undo": {"type": {"fallback": "undo"}},
  "UnrelateDossier": {"type": {"fallback": "unrelate_dossier"}}
};
