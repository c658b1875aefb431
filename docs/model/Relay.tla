------------------------------- MODULE Relay -------------------------------
(***************************************************************************)
(* The way out of the timeline, as case-service does it: relays publish    *)
(* what was appended, project it, and write the watermark last, while the  *)
(* next batch is under way; a lease says who works, and it may lapse while *)
(* its holder is only asleep.                                              *)
(* Clients take a snapshot with a cursor and follow the topic from there.  *)
(*                                                                         *)
(* Code: case_service/entrypoints/relay.py, handlers/relaying.py,          *)
(* handlers/reading.py; omnifil_mongostore/leases.py, positions.py.        *)
(*                                                                         *)
(* The timeline is there from the start: that a relay may receive any part *)
(* of what it has not carried yet is all that appending could add.         *)
(*                                                                         *)
(* Left out: the oplog that no longer reaches back (a scan is a relay that *)
(* begins with resume token 0, which is in the model), several partitions  *)
(* (each is a log like this one), records that Kafka loses (it does not:   *)
(* acks=all).                                                              *)
(***************************************************************************)
EXTENDS Naturals, Sequences

CONSTANTS
    Relays,     \* processes that may be relay
    Clients,    \* agents' screens, integrators
    Entries,    \* the dossier of each entry, in the order of the commits
    MaxBatch,   \* entries carried at once
    MaxFaults,  \* crashes and lapsed leases
    Broken      \* which protection is taken away; "nothing" is what the code does

VARIABLES
    topic,      \* dossier.events.v1: numbers of entries
    projected,  \* dossier -> seq of its document
    watermark,  \* [token, offset, fence]; fence 0: never written
    lease,      \* [token, free]: the newest token given out, and whether it has lapsed
    relay,      \* what each relay does
    client,     \* what each client knows
    faults

vars == <<topic, projected, watermark, lease, relay, client, faults>>

Dossiers == {Entries[i] : i \in 1..Len(Entries)}
Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b

\* The seq of the last of the first n entries that is of this dossier.
RECURSIVE SeqOf(_, _)
SeqOf(dossier, n) ==
    IF n = 0 THEN 0 ELSE SeqOf(dossier, n - 1) + (IF Entries[n] = dossier THEN 1 ELSE 0)

\* A watermark that may be written: how far everything is carried.
Nothing == [to |-> 0, offset |-> 0]

Standby == [step |-> "standby", token |-> 0, from |-> 0, to |-> 0, sent |-> 0, offset |-> 0, open |-> {},
            due |-> Nothing]
New == [step |-> "new", cursor |-> 0, known |-> [d \in Dossiers |-> 0], unread |-> Dossiers,
        missed |-> FALSE, doubled |-> FALSE]

Init ==
    /\ topic = <<>>
    /\ projected = [d \in Dossiers |-> 0]
    /\ watermark = [token |-> 0, offset |-> 0, fence |-> 0]
    /\ lease = [token |-> 0, free |-> TRUE]
    /\ relay = [r \in Relays |-> Standby]
    /\ client = [c \in Clients |-> New]
    /\ faults = 0

(***************************************************************************)
(* The relay.                                                              *)
(***************************************************************************)
\* Loading the watermark claims it in the same step: whoever had the lease before cannot write it any more.
\* (Between taking the lease and loading nothing happens that could not as well happen before.)
Begin(r) ==
    /\ relay[r].step = "standby"
    /\ lease.free \/ (Broken \in {"lease-ignored", "lease-ignored-and-readers-count"} /\ lease.token < 3)
    /\ lease' = [token |-> lease.token + 1, free |-> FALSE]
    /\ relay' = [relay EXCEPT ![r] = [step |-> "waits", token |-> lease.token + 1,
                                      from |-> watermark.token, to |-> watermark.token, sent |-> watermark.token,
                                      offset |-> Min(watermark.offset, Len(topic)), open |-> {},
                                      due |-> Nothing]]
    /\ watermark' = IF Broken = "watermark-not-claimed" THEN watermark
                    ELSE [watermark EXCEPT !.fence = lease.token + 1]
    /\ UNCHANGED <<topic, projected, client, faults>>

\* The change stream brings a batch; from here publishing and projecting go side by side.
Receive(r) ==
    /\ relay[r].step = "waits"
    /\ \E to \in relay[r].from + 1 .. Min(Len(Entries), relay[r].from + MaxBatch) :
         relay' = [relay EXCEPT ![r].step = "carries", ![r].to = to, ![r].sent = relay[r].from,
                                ![r].open = {Entries[i] : i \in relay[r].from + 1 .. to}]
    /\ UNCHANGED <<topic, projected, watermark, lease, client, faults>>

Publish(r) ==
    /\ relay[r].step = "carries"
    /\ relay[r].sent < relay[r].to
    /\ topic' = Append(topic, relay[r].sent + 1)
    /\ relay' = [relay EXCEPT ![r].sent = @ + 1, ![r].offset = Len(topic) + 1]
    /\ UNCHANGED <<projected, watermark, lease, client, faults>>

\* One document; a newer one is never overwritten by an older one.
Project(r) ==
    /\ relay[r].step = "carries"
    /\ \E d \in relay[r].open :
         /\ projected' = [projected EXCEPT ![d] = IF Broken = "projection-goes-back" THEN SeqOf(d, relay[r].to)
                                                  ELSE Max(@, SeqOf(d, relay[r].to))]
         /\ relay' = [relay EXCEPT ![r].open = @ \ {d}]
    /\ UNCHANGED <<topic, watermark, lease, client, faults>>

Carried(r) ==
    /\ relay[r].sent = relay[r].to \/ Broken = "watermark-before-publish"
    /\ relay[r].open = {} \/ Broken = "watermark-before-projection"

\* The watermark is written beside the next batch: the newest one that is due.
Finish(r) ==
    /\ relay[r].step = "carries"
    /\ Carried(r)
    /\ relay' = [relay EXCEPT ![r].step = "waits", ![r].from = relay[r].to,
                              ![r].due = [to |-> relay[r].to, offset |-> relay[r].offset]]
    /\ UNCHANGED <<topic, projected, watermark, lease, client, faults>>

\* Refused (and the tenure ends) when somebody with a later lease has claimed it.
Mark(r) ==
    /\ relay[r].due # Nothing
    /\ IF watermark.fence <= relay[r].token \/ Broken = "watermark-not-fenced"
       THEN /\ watermark' = [token |-> relay[r].due.to, offset |-> relay[r].due.offset, fence |-> relay[r].token]
            /\ relay' = [relay EXCEPT ![r].due = Nothing]
       ELSE /\ UNCHANGED watermark
            /\ relay' = [relay EXCEPT ![r] = Standby]
    /\ UNCHANGED <<topic, projected, lease, client, faults>>

\* The holder does not renew in time. It may not notice for as long as it likes: a process that sleeps sees no clock.
Lapse ==
    /\ ~lease.free
    /\ faults < MaxFaults
    /\ lease' = [lease EXCEPT !.free = TRUE]
    /\ faults' = faults + 1
    /\ UNCHANGED <<topic, projected, watermark, relay, client>>

Notice(r) ==
    /\ relay[r].step # "standby"
    /\ relay[r].token < lease.token \/ lease.free
    /\ relay' = [relay EXCEPT ![r] = Standby]
    /\ UNCHANGED <<topic, projected, watermark, lease, client, faults>>

\* Also the failure of any call: the relay begins again from the watermark. Its lease lapses, or it takes it anew.
Crash(r) ==
    /\ relay[r].step # "standby"
    /\ faults < MaxFaults
    /\ relay' = [relay EXCEPT ![r] = Standby]
    /\ lease' = IF relay[r].token = lease.token THEN [lease EXCEPT !.free = TRUE] ELSE lease
    /\ faults' = faults + 1
    /\ UNCHANGED <<topic, projected, watermark, client>>

(***************************************************************************)
(* A client: cursor, then the inbox (document by document), then the topic *)
(* from the cursor on. It applies the next seq and ignores what it has.    *)
(***************************************************************************)
ReadCursor(c) ==
    /\ client[c].step = IF Broken = "cursor-after-snapshot" THEN "has-snapshot" ELSE "new"
    /\ client' = [client EXCEPT ![c].cursor = watermark.offset,
                                ![c].step = IF Broken = "cursor-after-snapshot" THEN "follows" ELSE "has-cursor"]
    /\ UNCHANGED <<topic, projected, watermark, lease, relay, faults>>

ReadDocument(c) ==
    /\ client[c].step = IF Broken = "cursor-after-snapshot" THEN "new" ELSE "has-cursor"
    /\ client[c].unread # {}
    /\ LET d == CHOOSE each \in client[c].unread : TRUE IN
         client' = [client EXCEPT
                    ![c].known[d] = projected[d], ![c].unread = @ \ {d},
                    ![c].step = IF client[c].unread # {d} THEN @
                                ELSE IF Broken = "cursor-after-snapshot" THEN "has-snapshot" ELSE "follows"]
    /\ UNCHANGED <<topic, projected, watermark, lease, relay, faults>>

Counts == Broken \in {"readers-count", "lease-ignored-and-readers-count"}

Apply(c) ==
    /\ client[c].step = "follows"
    /\ client[c].cursor < Len(topic)
    /\ LET entry == topic[client[c].cursor + 1]
           d == Entries[entry]
           seq == SeqOf(d, entry) IN
         client' = [client EXCEPT
                    ![c].cursor = @ + 1,
                    ![c].known[d] = Max(@, seq),
                    ![c].missed = @ \/ seq > client[c].known[d] + 1,
                    ![c].doubled = @ \/ (seq <= client[c].known[d] /\ Counts)]
    /\ UNCHANGED <<topic, projected, watermark, lease, relay, faults>>

Next ==
    \/ \E r \in Relays : Begin(r) \/ Receive(r) \/ Publish(r) \/ Project(r) \/ Finish(r)
                         \/ Mark(r) \/ Notice(r) \/ Crash(r)
    \/ Lapse
    \/ \E c \in Clients : ReadCursor(c) \/ ReadDocument(c) \/ Apply(c)

Works(r) == Receive(r) \/ Publish(r) \/ Project(r) \/ Finish(r)

Fairness ==
    /\ \A r \in Relays : WF_vars(Begin(r)) /\ WF_vars(Works(r)) /\ WF_vars(Mark(r)) /\ WF_vars(Notice(r))
    /\ \A c \in Clients : WF_vars(ReadCursor(c)) /\ WF_vars(ReadDocument(c)) /\ WF_vars(Apply(c))

Spec == Init /\ [][Next]_vars /\ Fairness

(***************************************************************************)
(* What must hold.                                                         *)
(***************************************************************************)
\* All up to the watermark is published and projected: nothing is left out for good.
WatermarkIsTrue ==
    \A i \in 1..watermark.token :
        /\ \E k \in 1..Len(topic) : topic[k] = i
        /\ projected[Entries[i]] >= SeqOf(Entries[i], i)

\* The topic from its beginning has no hole either, for integrators who never take a snapshot.
TopicHasNoHole ==
    \A k \in 1..Len(topic) : \A i \in 1..topic[k] - 1 : \E j \in 1..k : topic[j] = i

NoClientMisses == \A c \in Clients : ~client[c].missed
\* When everything is carried and a client has read everything, it knows everything.
NobodyIsLeftBehind ==
    (watermark.token = Len(Entries) /\ \A r \in Relays : relay[r].step # "carries")
    => \A c \in Clients : (client[c].step = "follows" /\ client[c].cursor = Len(topic))
                          => \A d \in Dossiers : client[c].known[d] = SeqOf(d, Len(Entries))

NoClientDoubles == \A c \in Clients : ~client[c].doubled

\* What a client knows is what it would get by asking again, once it has read everything.
EverybodySees ==
    <>[](\A d \in Dossiers : /\ projected[d] = SeqOf(d, Len(Entries))
                             /\ \A c \in Clients : client[c].known[d] = SeqOf(d, Len(Entries)))

(***************************************************************************)
(* Configurations.                                                         *)
(***************************************************************************)
TwoEntries == <<"a", "a">>
TwoDossiers == <<"a", "b", "a">>
=============================================================================
