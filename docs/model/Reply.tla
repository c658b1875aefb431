------------------------------- MODULE Reply -------------------------------
(***************************************************************************)
(* The way of one reply: SendMessage on the outbound topic, the ledger of  *)
(* the deliver role, the far side, the report.                             *)
(*                                                                         *)
(* Two kinds of far side. "mail": a server that may have taken what it did *)
(* not answer for, and never tells; such a reply is not sent again but     *)
(* reported as failed. "network": one that echoes what it took; a reply    *)
(* that was cut short is sent again when no echo comes within a patience.  *)
(* (Chat needs no model: a reply is a row with a unique outbound id.)      *)
(*                                                                         *)
(* Code: ingest_email/handlers/delivering.py, adapters/mongo_ledger.py;    *)
(* ingest_social/handlers.py, adapters/mongo_ledger.py;                    *)
(* case_service/domain/deliveries.py (effect id of a report).              *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Workers,    \* deliver processes; which of them a partition belongs to may change at any time
    Kind,       \* "mail" or "network"
    MaxFaults,  \* crashes, connections that break, holds that lapse
    Copies,     \* how often the command comes: a relay may repeat it, a consumer may read it again
    Broken      \* which protection is taken away; "nothing" is what the code does

VARIABLES
    copies,     \* commands still to come
    ledger,     \* [step, tries, held, told]: the reply's document
    worker,     \* what each worker does
    arrived,    \* how many copies the person has
    echoed,     \* how many of them the network has told us of
    reports,    \* states that were published, in any number
    faults

vars == <<copies, ledger, worker, arrived, echoed, reports, faults>>

Idle == [step |-> "idle", saw |-> "none", tries |-> 0]

Init ==
    /\ copies = Copies
    /\ ledger = [step |-> "none", tries |-> 0, held |-> FALSE, told |-> FALSE]
    /\ worker = [w \in Workers |-> Idle]
    /\ arrived = 0 /\ echoed = 0 /\ reports = {} /\ faults = 0

Step(w, step) == worker' = [worker EXCEPT ![w].step = step]
Known == echoed > 0 \/ ledger.step = "sent"

\* The document's id is the outbound id: a second copy of the command finds it.
Take ==
    /\ copies > 0
    /\ copies' = copies - 1
    /\ ledger' = IF ledger.step = "none" \/ Broken = "no-unique-outbound"
                 THEN [step |-> "waiting", tries |-> 0, held |-> FALSE, told |-> FALSE] ELSE ledger
    /\ UNCHANGED <<worker, arrived, echoed, reports, faults>>

\* Mail: held for a while by one worker. Network: whoever owns the partition; a former owner may still be at it.
Open(w) ==
    /\ worker[w].step = "idle"
    /\ ledger.step \in {"waiting", "attempted"}
    /\ Kind = "mail" => ~ledger.held
    /\ Kind = "network" => (faults < MaxFaults \/ \A other \in Workers : worker[other].step = "idle")
    /\ faults' = IF Kind = "network" /\ \E other \in Workers : worker[other].step # "idle" THEN faults + 1 ELSE faults
    /\ ledger' = IF Kind = "mail" THEN [ledger EXCEPT !.held = TRUE] ELSE ledger
    /\ worker' = [worker EXCEPT ![w] = [step |-> IF ledger.step = "waiting" THEN "begins" ELSE "doubts",
                                        saw |-> ledger.step, tries |-> ledger.tries]]
    /\ UNCHANGED <<copies, arrived, echoed, reports>>

\* Somebody had begun. Mail: nobody can know, so it counts as failed. Network: its echo tells, or the patience ends.
Doubt(w) ==
    /\ worker[w].step = "doubts"
    /\ Step(w, IF Kind = "mail" THEN (IF Broken = "sent-again-when-in-doubt" THEN "begins" ELSE "failed")
               ELSE (IF Known THEN "answered" ELSE "begins"))
    \* The patience is long enough: what is on its way would have arrived, and its echo too.
    /\ (Kind = "network" /\ ~Known /\ Broken # "patience-too-short") =>
          /\ arrived = echoed
          /\ \A other \in Workers : worker[other].step # "sending"
    /\ UNCHANGED <<copies, ledger, arrived, echoed, reports, faults>>

\* Noted before it is sent, compared with what was read: of two workers one goes on.
Attempt(w) ==
    /\ worker[w].step = "begins"
    /\ IF /\ Broken # "attempt-not-compared"
          /\ \/ ledger.tries # worker[w].tries
             \/ ledger.step \notin {"waiting", "attempted"}
       THEN Step(w, "idle") /\ UNCHANGED ledger
       ELSE Step(w, "sending")
            /\ ledger' = IF Broken = "attempt-not-noted" THEN ledger
                         ELSE [ledger EXCEPT !.step = "attempted", !.tries = @ + 1]
    /\ UNCHANGED <<copies, arrived, echoed, reports, faults>>

Send(w) ==
    /\ worker[w].step = "sending"
    /\ \/ arrived' = arrived + 1 /\ Step(w, "answered") /\ UNCHANGED <<faults, ledger>>
       \/ /\ faults < MaxFaults  \* the connection breaks, before or after it was taken
          /\ faults' = faults + 1
          /\ arrived' \in {arrived, arrived + 1}
          /\ Step(w, IF Kind = "mail" THEN "failed" ELSE "idle")
          /\ UNCHANGED ledger
       \/ /\ faults < MaxFaults  \* refused for now: known not to have arrived
          /\ faults' = faults + 1
          /\ ledger' = [ledger EXCEPT !.step = "waiting", !.held = FALSE]
          /\ Step(w, "idle")
          /\ UNCHANGED arrived
    /\ UNCHANGED <<copies, echoed, reports>>

\* What is known to be sent overrules a doubt, and never the reverse.
Decide(w) ==
    /\ worker[w].step \in {"answered", "failed"}
    /\ ledger' = IF worker[w].step = "failed" /\ ledger.step = "sent" /\ Broken # "doubt-overrules" THEN ledger
                 ELSE [ledger EXCEPT !.step = IF worker[w].step = "answered" THEN "sent" ELSE "failed",
                                     !.told = FALSE, !.held = FALSE]
    /\ worker' = [worker EXCEPT ![w] = Idle]
    /\ UNCHANGED <<copies, arrived, echoed, reports, faults>>

\* Published, then struck out; a crash between the two publishes it again, under the same effect id.
Report ==
    /\ ledger.step \in {"sent", "failed"} /\ ~ledger.told
    /\ reports' = reports \cup {ledger.step}
    /\ \/ ledger' = [ledger EXCEPT !.told = TRUE] /\ UNCHANGED faults
       \/ faults < MaxFaults /\ faults' = faults + 1 /\ UNCHANGED ledger
    /\ UNCHANGED <<copies, worker, arrived, echoed>>

Echo ==
    /\ Kind = "network" /\ echoed < arrived
    /\ echoed' = echoed + 1
    /\ UNCHANGED <<copies, ledger, worker, arrived, reports, faults>>

\* Also a sleep without end: whoever wakes again is a worker whose hold has lapsed.
Crash(w) ==
    /\ worker[w].step # "idle" /\ faults < MaxFaults
    /\ faults' = faults + 1
    /\ worker' = [worker EXCEPT ![w] = Idle]
    /\ ledger' = [ledger EXCEPT !.held = FALSE]
    /\ UNCHANGED <<copies, arrived, echoed, reports>>

Lapse ==
    /\ ledger.held /\ faults < MaxFaults
    /\ faults' = faults + 1
    /\ ledger' = [ledger EXCEPT !.held = FALSE]
    /\ UNCHANGED <<copies, worker, arrived, echoed, reports>>

Works(w) == Open(w) \/ Doubt(w) \/ Attempt(w) \/ Send(w) \/ Decide(w)
Next == Take \/ Report \/ Echo \/ Lapse \/ \E w \in Workers : Works(w) \/ Crash(w)

Fairness == WF_vars(Take) /\ WF_vars(Report) /\ WF_vars(Echo) /\ \A w \in Workers : WF_vars(Works(w))

Spec == Init /\ [][Next]_vars /\ Fairness

(***************************************************************************)
(* What must hold.                                                         *)
(***************************************************************************)
SentAtMostOnce == arrived <= 1
SentIsTrue == "sent" \in reports => arrived >= 1
SentStaysSent == "sent" \in reports => ledger.step = "sent"
\* A reply is never silent: in the end it is reported, and what has not arrived is reported as failed.
NeverSilent ==
    <>[](/\ reports # {}
         /\ ledger.told
         /\ arrived = 0 => ledger.step = "failed")
=============================================================================
