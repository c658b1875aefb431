import { TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { State } from "./State";

/** A part of the screen that fails takes no other part with it, and can be tried again. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  override render() {
    return this.state.failed ? <Failed onRetry={() => this.setState({ failed: false })} /> : this.props.children;
  }
}

function Failed({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <State icon={TriangleAlert} title={t("broken.title")} role="alert">
      <p>{t("broken.text")}</p>
      <Button onClick={onRetry}>{t("retry")}</Button>
    </State>
  );
}
