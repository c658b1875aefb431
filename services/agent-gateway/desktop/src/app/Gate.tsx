import { CircleAlert, LockKeyhole, LogIn, WifiOff } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { SignInFailed } from "../api/session";
import { wordOr } from "../i18n/words";
import { Button } from "../ui/Button";
import uiStyles from "../ui/ui.module.css";
import { useRuntime } from "./runtime";
import styles from "./shell.module.css";

function Card({ title, children, error }: { title: string; children: ReactNode; error?: string | null }) {
  return (
    <main className={styles.gate}>
      <div className={styles.gateCard}>
        <img src="/favicon.svg" alt="" />
        <h1>{title}</h1>
        {error != null && (
          <p className={styles.gateError} role="alert">
            <CircleAlert size={16} aria-hidden="true" />
            {error}
          </p>
        )}
        {children}
      </div>
    </main>
  );
}

/** Before anybody has signed in. */
export function SignIn({ signIn, failure }: { signIn: () => Promise<void>; failure: Error | null }) {
  const { t } = useTranslation();
  const [error, setError] = useState<Error | null>(failure);
  const [busy, setBusy] = useState(false);
  const words =
    error === null
      ? null
      : wordOr(t, `gate.failed.${error instanceof SignInFailed ? error.message : "other"}`, t("gate.failed.other"));
  return (
    <Card title={t("gate.title")} error={words}>
      <p>{t("gate.intro")}</p>
      <Button
        look="primary"
        disabled={busy}
        data-testid="sign-in"
        onClick={() => {
          setBusy(true);
          signIn().catch((reason: Error) => {
            setBusy(false);
            setError(reason);
          });
        }}
      >
        <LogIn size={16} aria-hidden="true" />
        {busy ? t("gate.signingIn") : t("gate.signIn")}
      </Button>
    </Card>
  );
}

export function Unreachable() {
  const { t } = useTranslation();
  return (
    <Card title={t("gate.unreachable")}>
      <p role="status">
        <WifiOff size={15} aria-hidden="true" /> {t("gate.unreachableText")}
      </p>
    </Card>
  );
}

export function Forbidden({ signIn }: { signIn: () => void }) {
  const { t } = useTranslation();
  return (
    <Card title={t("gate.forbidden")}>
      <p role="alert">
        <LockKeyhole size={15} aria-hidden="true" /> {t("gate.forbiddenText")}
      </p>
      <Button onClick={signIn} data-testid="sign-in">
        {t("gate.signInAgain")}
      </Button>
    </Card>
  );
}

/** Over what was on the screen: it stays, and so do the drafts. */
export function SessionEnded({ reason }: { reason: string }) {
  const { t } = useTranslation();
  const { signInAgain } = useRuntime();
  const forbidden = reason === "forbidden" || reason === "not-an-agent";
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <Dialog.Overlay className={uiStyles.scrim} />
        <Dialog.Content
          className={uiStyles.dialog}
          style={{ width: "min(420px, calc(100vw - 24px))" }}
          data-testid="session-ended"
          data-reason={reason}
        >
          <div className={styles.ended}>
            <Dialog.Title asChild>
              <h2>{t(forbidden ? "gate.forbidden" : "gate.ended")}</h2>
            </Dialog.Title>
            <Dialog.Description asChild>
              <p>{t(forbidden ? "gate.forbiddenText" : "gate.endedText")}</p>
            </Dialog.Description>
            <Button look="primary" onClick={() => void signInAgain()} data-testid="sign-in-again">
              <LogIn size={16} aria-hidden="true" />
              {t("gate.signInAgain")}
            </Button>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
