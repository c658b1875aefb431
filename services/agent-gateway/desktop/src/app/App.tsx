import { QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { useEffect, useMemo, useState } from "react";
import { Api, Problem, type Config } from "../api/client";
import { CALLBACK, Session } from "../api/session";
import type { Connection } from "../live/stream";
import { Toasts } from "../ui/Toasts";
import { Commands, CommandsContext } from "./commands";
import { Desktop } from "./Desktop";
import { Forbidden, SignIn, Unreachable } from "./Gate";
import { go, parsePlace } from "./router";
import { newQueries, RuntimeContext, startRuntime, Store, type Runtime } from "./runtime";

type Phase =
  | { is: "starting" }
  | { is: "unreachable" }
  | { is: "signed-out"; config: Config; failure: Error | null }
  | { is: "forbidden"; config: Config }
  | { is: "in"; runtime: Runtime };

export function App() {
  const [phase, setPhase] = useState<Phase>({ is: "starting" });
  const commands = useMemo(() => new Commands(), []);
  const session = useMemo(() => new Session(), []);

  useEffect(() => {
    addEventListener("keydown", commands.handle);
    return () => removeEventListener("keydown", commands.handle);
  }, [commands]);

  useEffect(() => {
    let gone = false;
    let runtime: Runtime | null = null;
    void (async () => {
      const connection = new Store<Connection>({ state: "connecting" });
      const api = new Api({
        token: session.token,
        onUnauthorized: (reason) => connection.set({ state: "signed-out", reason }),
      });
      const config = await untilThere(
        () => api.config(),
        () => !gone && setPhase({ is: "unreachable" }),
      );
      let failure: Error | null = null;
      if (location.pathname === CALLBACK) {
        const search = new URLSearchParams(location.search);
        const back = await session.finish(config, search).catch((error: Error) => {
          failure = error;
          return "/";
        });
        go(parsePlace(back), "replace");
      }
      if (gone) return;
      if (session.token() === null) {
        setPhase({ is: "signed-out", config, failure });
        return;
      }
      try {
        const me = await untilThere(
          () => api.me(),
          () => !gone && setPhase({ is: "unreachable" }),
        );
        if (gone) return;
        runtime = startRuntime({ api, session, config, me, queries: newQueries(), connection });
        setPhase({ is: "in", runtime });
      } catch (error) {
        session.clear();
        const forbidden = error instanceof Problem && error.status === 403;
        if (!gone) setPhase(forbidden ? { is: "forbidden", config } : { is: "signed-out", config, failure: null });
      }
    })();
    return () => {
      gone = true;
      runtime?.close();
    };
  }, [session]);

  switch (phase.is) {
    case "starting":
      return null;
    case "unreachable":
      return <Unreachable />;
    case "forbidden":
      return <Forbidden signIn={() => void session.signIn(phase.config, "/")} />;
    case "signed-out":
      return <SignIn signIn={() => session.signIn(phase.config, location.pathname)} failure={phase.failure} />;
    case "in":
      return (
        <RuntimeContext.Provider value={phase.runtime}>
          <QueryClientProvider client={phase.runtime.queries}>
            <CommandsContext.Provider value={commands}>
              <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
                <Desktop />
                <Toasts />
              </Tooltip.Provider>
            </CommandsContext.Provider>
          </QueryClientProvider>
        </RuntimeContext.Provider>
      );
  }
}

/** Asks until an answer comes; a refusal is an answer. */
async function untilThere<T>(ask: () => Promise<T>, onAway: () => void): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw error;
      if (attempt > 0) onAway();
      await new Promise((done) => setTimeout(done, Math.min(5000, 400 * 2 ** attempt)));
    }
  }
}
