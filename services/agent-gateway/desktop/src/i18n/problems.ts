import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Problem, Unreachable } from "../api/client";
import { wordOr } from "./words";

/** An error as a sentence that says what happened and what to do. */
export function useProblemWords(): (error: Error) => string {
  const { t } = useTranslation();
  return useCallback(
    (error) => {
      if (error instanceof Unreachable) return t("problem.unreachable");
      if (error instanceof Problem) return wordOr(t, `problem.${error.code}`, error.detail || t("problem.unknown"));
      return t("problem.unknown");
    },
    [t],
  );
}
