import { CornerUpRight, FolderOpen, Package } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { go } from "../app/router";
import type { Contact, CustomerChanged, DossierView } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { useProblemWords } from "../i18n/problems";
import { useJourney } from "../live/queries";
import { Button } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Skeleton } from "../ui/State";
import styles from "./customer.module.css";
import { RecordLines } from "./Records";

/** Every contact with the customer in time, whichever dossier it is in; more comes as one scrolls. */
export function Journey({
  customer,
  dossiers,
  current,
}: {
  customer: CustomerChanged;
  dossiers: readonly DossierView[];
  current: string;
}) {
  const { t } = useTranslation();
  const problem = useProblemWords();
  const format = useFormat();
  // What is said in any dossier of theirs, or a change of the customer, is worth another look.
  const said = dossiers.map((each) => `${each.dossier_id}:${each.messages}`).sort();
  const query = useJourney(customer.customer_id, `${customer.version}/${said.join()}`);
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasNextPage || isFetching || end.current === null) return;
    const observer = new IntersectionObserver(
      (seen) => seen.some((each) => each.isIntersecting) && void fetchNextPage(),
      { rootMargin: "400px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const contacts = query.data?.pages.flatMap((page) => page.contacts) ?? [];
  if (query.error !== null && contacts.length === 0) {
    return (
      <p className={styles.quiet} role="alert">
        {problem(query.error)}
        <Button look="small" onClick={() => void query.refetch()}>
          {t("retry")}
        </Button>
      </p>
    );
  }
  if (query.isPending) {
    return (
      <div className={styles.skeletons} aria-busy="true">
        <Skeleton width="70%" />
        <Skeleton width="90%" />
        <Skeleton width="60%" />
      </div>
    );
  }
  if (contacts.length === 0) return <p className={styles.quiet}>{t("journey.empty")}</p>;
  let day = "";
  return (
    <>
      <ol className={styles.contacts} aria-label={t("journey.label")} data-testid="journey">
        {contacts.map((contact, index) => {
          const next = format.day(contact.at);
          const starts = next !== day;
          day = next;
          return (
            <li key={`${contact.at}/${index}`}>
              {starts && <h4 className={styles.journeyDay}>{next}</h4>}
              <ContactRow contact={contact} current={current} />
            </li>
          );
        })}
      </ol>
      <div ref={end} className={styles.journeyEnd} aria-busy={isFetching}>
        {hasNextPage ? <Skeleton width="60%" /> : t("journey.beginning")}
      </div>
    </>
  );
}

function ContactRow({ contact, current }: { contact: Contact; current: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const time = (
    <time className={styles.contactTime} dateTime={contact.at} title={format.full(contact.at)}>
      {format.time(contact.at)}
    </time>
  );
  if (contact.record !== null) {
    return (
      <div className={styles.contact} data-testid="contact" data-kind="record">
        <Package size={14} aria-hidden="true" />
        <div className={styles.contactBody}>
          <RecordLines record={contact.record} />
        </div>
        {time}
      </div>
    );
  }
  const isHere = contact.dossier_id === current;
  return (
    <button
      type="button"
      className={styles.contact}
      data-testid="contact"
      data-kind={contact.kind}
      data-dossier={contact.dossier_id}
      aria-current={isHere ? "true" : undefined}
      onClick={() => contact.dossier_id !== null && go({ dossierId: contact.dossier_id })}
    >
      {contact.kind === "reply" ? (
        <CornerUpRight size={14} aria-hidden="true" />
      ) : (
        <ChannelMark channel={contact.channel ?? ""} iconOnly />
      )}
      <span className={styles.contactBody}>
        <span className={styles.contactText}>
          <span className={styles.contactAuthor}>
            {contact.kind === "reply" ? t("journey.reply", { who: contact.author ?? "" }) : contact.author}
          </span>{" "}
          {contact.text}
        </span>
        <span className={styles.recordUnder}>
          <FolderOpen size={12} aria-hidden="true" />
          {isHere ? t("journey.here") : contact.number}
        </span>
      </span>
      {time}
    </button>
  );
}
