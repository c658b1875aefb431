------------------------------ MODULE Dossiers ------------------------------
(***************************************************************************)
(* The way into the timeline, as case-service does it: consumers take      *)
(* batches, look up, load, decide in memory and append; the append is the  *)
(* commit. What lost a race is looked up, loaded and decided again.        *)
(* Offsets are committed in the background, behind what is written.        *)
(*                                                                         *)
(* Code: case_service/handlers/settling.py, domain/casebook.py,            *)
(* adapters/mongo_timeline.py and documents.py (the unique indexes);       *)
(* omnifil_messaging/consumer.py, progress.py, tenure.py.                  *)
(*                                                                         *)
(* Left out: which dossier is the right one (here: the customer's newest), *)
(* conversations' claims (an index like that of ordinals), records that    *)
(* can never work (they are dead-lettered, and count as done then).        *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Consumers,  \* processes
    Logs,       \* partition -> its records: a message's id; the same twice is a redelivery
    Customer,   \* message -> who wrote it
    Reassigns,  \* the record that makes dossier <<"ann", 1>> bob's; only a name
    Earlier,    \* the timeline as it is found
    MaxBatch,
    MaxFaults,  \* crashes and rebalances
    Broken      \* which protection is taken away; "nothing" is what the code does

VARIABLES
    timeline,   \* documents in the order of their commits: [dossier, first, effects, opens]
    committed,  \* partition -> offset
    fetched,    \* partition -> offset, of the present owner
    done,       \* partition -> offset up to which the present owner has written
    owner,      \* partition -> consumer
    job,        \* what each consumer has in hand
    faults

vars == <<timeline, committed, fetched, done, owner, job, faults>>

Partitions == DOMAIN Logs
Messages == UNION {{Logs[p][i] : i \in 1..Len(Logs[p])} : p \in Partitions}
Idle == [step |-> "idle"]
SeqToSet(s) == {s[i] : i \in 1..Len(s)}

Init ==
    /\ timeline = Earlier
    /\ committed = [p \in Partitions |-> 0]
    /\ fetched = [p \in Partitions |-> 0]
    /\ done = [p \in Partitions |-> 0]
    /\ owner \in [Partitions -> Consumers]
    /\ job = [c \in Consumers |-> Idle]
    /\ faults = 0

(***************************************************************************)
(* Reading a prefix of the timeline, and deciding.                         *)
(***************************************************************************)
Prefix(n) == {timeline[i] : i \in 1..n}
KnownIn(docs) == UNION {SeqToSet(doc.effects) : doc \in docs}
ClaimedIn(docs) == UNION {doc.opens : doc \in docs}  \* of [customer, ordinal, dossier]
LastSeq(docs, dossier) ==
    LET ends == {doc.first + Len(doc.effects) - 1 : doc \in {d \in docs : d.dossier = dossier}} IN
    IF ends = {} THEN 0 ELSE CHOOSE e \in ends : \A other \in ends : other <= e
\* Whose it is: who claimed it last (only a reassignment claims a dossier a second time).
OwnerIn(docs, dossier) ==
    IF Reassigns \in UNION {SeqToSet(doc.effects) : doc \in {d \in docs : d.dossier = dossier}}
    THEN Customer[Reassigns] ELSE dossier[1]

Newest(claims) == CHOOSE c \in claims : \A other \in claims : other.ordinal <= c.ordinal
Next_(claims, customer) ==
    LET mine == {c.ordinal : c \in {k \in claims : k.customer = customer}} IN
    1 + (IF mine = {} THEN 0 ELSE CHOOSE o \in mine : \A other \in mine : other <= o)

(* A book: what is known, who claimed what, where each dossier stands, and *)
(* the documents decided so far. Deciding one message extends it.          *)
Add(book, dossier, effect, opens) ==
    LET drafts == book.drafts
        at == {i \in 1..Len(drafts) : drafts[i].dossier = dossier}
        seq == IF dossier \in DOMAIN book.seq THEN book.seq[dossier] ELSE 0 IN
    [book EXCEPT
        !.known = @ \cup {effect},
        !.claims = @ \cup opens,
        !.drafts = IF at = {} THEN Append(@, [dossier |-> dossier, first |-> seq + 1,
                                              effects |-> <<effect>>, opens |-> opens])
                   ELSE [@ EXCEPT ![CHOOSE i \in at : TRUE] =
                            [@ EXCEPT !.effects = Append(@, effect), !.opens = @ \cup opens]]]

Decide(book, message) ==
    LET customer == Customer[message]
        claim(dossier) == [customer |-> customer, ordinal |-> Next_(book.claims, customer), dossier |-> dossier]
        live == {c \in book.claims : c.customer = customer /\ book.owner[c.dossier] = customer} IN
    IF message \in book.known THEN book
    ELSE IF message = Reassigns THEN Add(book, <<"ann", 1>>, message, {claim(<<"ann", 1>>)})
    ELSE IF live # {} THEN Add(book, Newest(live).dossier, message, {})
    ELSE LET dossier == <<customer, Next_(book.claims, customer)>> IN
         LET opened == Add(book, dossier, message, {claim(dossier)}) IN
         [opened EXCEPT !.owner = [d \in DOMAIN @ \cup {dossier} |-> IF d = dossier THEN customer ELSE @[d]]]

RECURSIVE DecideAll(_, _)
DecideAll(book, messages) ==
    IF messages = <<>> THEN book ELSE DecideAll(Decide(book, Head(messages)), Tail(messages))

\* What was looked up (a while ago) and what was loaded (just now) need not be of one moment.
Book(looked, loaded, had) ==
    LET claims == ClaimedIn(Prefix(looked))
        dossiers == {c.dossier : c \in claims} \cup {doc.dossier : doc \in SeqToSet(Earlier)} IN
    [known |-> KnownIn(Prefix(looked)) \cup had,
     claims |-> claims,
     seq |-> [d \in dossiers |-> LastSeq(Prefix(loaded), d)],
     owner |-> [d \in dossiers |-> OwnerIn(Prefix(loaded), d)],
     drafts |-> <<>>]

(***************************************************************************)
(* A consumer.                                                             *)
(***************************************************************************)
Take(c) ==
    /\ job[c] = Idle
    /\ \E p \in Partitions :
         /\ owner[p] = c
         /\ fetched[p] < Len(Logs[p])
         /\ \E n \in 1..MaxBatch :
              /\ fetched[p] + n <= Len(Logs[p])
              /\ fetched' = [fetched EXCEPT ![p] = @ + n]
              /\ job' = [job EXCEPT ![c] = [step |-> "look-up", partition |-> p, upto |-> fetched[p] + n,
                                            pending |-> SubSeq(Logs[p], fetched[p] + 1, fetched[p] + n),
                                            had |-> {}, looked |-> 0, plan |-> <<>>, lost |-> {}, zombie |-> FALSE]]
    /\ UNCHANGED <<timeline, committed, done, owner, faults>>

LookUp(c) ==
    /\ job[c].step = "look-up"
    /\ job' = [job EXCEPT ![c].looked = Len(timeline), ![c].step = "load"]
    /\ UNCHANGED <<timeline, committed, fetched, done, owner, faults>>

Load(c) ==
    /\ job[c].step = "load"
    /\ job' = [job EXCEPT ![c].step = "append", ![c].lost = {},
                          ![c].plan = DecideAll(Book(job[c].looked, Len(timeline), job[c].had), job[c].pending).drafts]
    /\ UNCHANGED <<timeline, committed, fetched, done, owner, faults>>

Place(doc, other) == doc.dossier = other.dossier /\ doc.first = other.first /\ Broken # "no-unique-place"
Ordinal(doc, other) ==
    \E a \in doc.opens : \E b \in other.opens : a.customer = b.customer /\ a.ordinal = b.ordinal
                                                 /\ Broken # "no-unique-ordinal"
Effect(doc, other) == SeqToSet(doc.effects) \cap SeqToSet(other.effects) # {} /\ Broken # "no-unique-effect"

\* One document is there whole or not at all. The database may name any of the indexes that refused it.
AppendNext(c) ==
    /\ job[c].step = "append"
    /\ job[c].plan # <<>>
    /\ LET doc == Head(job[c].plan)
           others == SeqToSet(timeline)
           refused == \E o \in others : Place(doc, o) \/ Ordinal(doc, o) \/ Effect(doc, o)
           had == UNION {SeqToSet(doc.effects) \cap SeqToSet(o.effects) : o \in others} IN
         IF refused
         THEN /\ \E told \in {{}, had} :
                   /\ told = {} => \E o \in others : Place(doc, o) \/ Ordinal(doc, o)
                   /\ job' = [job EXCEPT ![c].plan = Tail(@), ![c].lost = @ \cup SeqToSet(doc.effects),
                                         ![c].had = @ \cup told]
              /\ UNCHANGED timeline
         ELSE /\ timeline' = Append(timeline, doc)
              /\ job' = [job EXCEPT ![c].plan = Tail(@)]
    /\ UNCHANGED <<committed, fetched, done, owner, faults>>

\* Everything is written: done. Something was lost: that alone again.
Finish(c) ==
    /\ job[c].step = "append"
    /\ job[c].plan = <<>>
    /\ IF job[c].lost = {}
       THEN /\ job' = [job EXCEPT ![c] = Idle]
            /\ done' = IF job[c].zombie THEN done ELSE [done EXCEPT ![job[c].partition] = job[c].upto]
       ELSE /\ job' = [job EXCEPT ![c].step = "look-up", ![c].lost = {}, ![c].looked = 0,
                                  ![c].pending = SelectSeq(@, LAMBDA m : m \in job[c].lost)]
            /\ UNCHANGED done
    /\ UNCHANGED <<timeline, committed, fetched, owner, faults>>

Commit(p) ==
    LET upto == IF Broken = "commit-before-write" THEN fetched[p] ELSE done[p] IN
    /\ committed[p] < upto
    /\ committed' = [committed EXCEPT ![p] = upto]
    /\ UNCHANGED <<timeline, fetched, done, owner, job, faults>>

(***************************************************************************)
(* Faults.                                                                 *)
(***************************************************************************)
Begins(p) == /\ fetched' = [fetched EXCEPT ![p] = committed[p]]
             /\ done' = [done EXCEPT ![p] = committed[p]]

Crash(c) ==
    /\ faults < MaxFaults
    /\ job[c] # Idle
    /\ faults' = faults + 1
    /\ job' = [job EXCEPT ![c] = Idle]
    /\ fetched' = [p \in Partitions |-> IF owner[p] = c THEN committed[p] ELSE fetched[p]]
    /\ done' = [p \in Partitions |-> IF owner[p] = c THEN committed[p] ELSE done[p]]
    /\ UNCHANGED <<timeline, committed, owner>>

\* Whoever had the partition is not asked: what it has in hand it may still write, at any time later.
Rebalance(p) ==
    /\ faults < MaxFaults
    /\ faults' = faults + 1
    /\ \E c \in Consumers \ {owner[p]} : owner' = [owner EXCEPT ![p] = c]
    /\ job' = [c \in Consumers |-> IF job[c] # Idle /\ job[c].partition = p
                                   THEN [job[c] EXCEPT !.zombie = TRUE] ELSE job[c]]
    /\ Begins(p)
    /\ UNCHANGED <<timeline, committed>>

GoesOn(c) == LookUp(c) \/ Load(c) \/ AppendNext(c) \/ Finish(c)

Next ==
    \/ \E c \in Consumers : Take(c) \/ LookUp(c) \/ Load(c) \/ AppendNext(c) \/ Finish(c) \/ Crash(c)
    \/ \E p \in Partitions : Commit(p) \/ Rebalance(p)

Fairness ==
    /\ \A c \in Consumers : WF_vars(Take(c)) /\ WF_vars(GoesOn(c))
    /\ \A p \in Partitions : WF_vars(Commit(p))

Spec == Init /\ [][Next]_vars /\ Fairness

(***************************************************************************)
(* What must hold.                                                         *)
(***************************************************************************)
Places == {<<i, k>> : i \in 1..Len(timeline), k \in 1..2} \* documents have at most MaxBatch = 2 entries
EffectAt(place) == timeline[place[1]].effects[place[2]]
Written == {place \in Places : place[2] <= Len(timeline[place[1]].effects)}

EachEffectOnce == \A a, b \in Written : EffectAt(a) = EffectAt(b) => a = b

SeqsOf(dossier) == {place \in Written : timeline[place[1]].dossier = dossier}
SeqAt(place) == timeline[place[1]].first + place[2] - 1
Gapless ==
    \A d \in {doc.dossier : doc \in SeqToSet(timeline)} :
        {SeqAt(place) : place \in SeqsOf(d)} = 1..Cardinality(SeqsOf(d))

OneDossierForAnOrdinal ==
    \A i, j \in 1..Len(timeline) : \A a \in timeline[i].opens : \A b \in timeline[j].opens :
        (a.customer = b.customer /\ a.ordinal = b.ordinal) => i = j

NothingIsLost ==
    \A p \in Partitions : \A i \in 1..committed[p] : \E place \in Written : EffectAt(place) = Logs[p][i]

EverythingIsWritten ==
    <>[](/\ \A m \in Messages : \E place \in Written : EffectAt(place) = m
         /\ \A p \in Partitions : committed[p] = Len(Logs[p]))

(***************************************************************************)
(* Configurations.                                                         *)
(***************************************************************************)
\* Bob writes on two channels at once. Or: his message comes twice, while an agent gives him Ann's dossier.
TwoWays == [email |-> <<"m1", "m1">>, customers |-> <<"reassign">>]
FewLogs == [email |-> <<"m1", "m2">>, chat |-> <<"m3">>]
Writers == [m1 |-> "bob", m2 |-> "bob", m3 |-> "bob", reassign |-> "bob"]
AnnsDossier ==
    <<[dossier |-> <<"ann", 1>>, first |-> 1, effects |-> <<"m0">>,
       opens |-> {[customer |-> "ann", ordinal |-> 1, dossier |-> <<"ann", 1>>]}]>>
NoTimeline == <<>>
=============================================================================
