import type { Runtime } from "../app/runtime";
import type { Because, CustomerChanged, Identity } from "../contracts/types";
import type { Done } from "../corrections/taken";
import { newCommandId, patiently } from "../live/queries";

type Desktop = Pick<Runtime, "api" | "desk" | "queries">;

/** What agents do to customers; each answers with how it is taken back. Sent again with the same id, it takes effect once. */
async function changed(
  { api, desk, queries }: Desktop,
  ask: (api: Runtime["api"], commandId: string) => Promise<CustomerChanged>,
): Promise<CustomerChanged> {
  const commandId = newCommandId();
  const customer = await patiently(() => ask(api, commandId));
  desk.takeCustomers([customer]);
  void queries.invalidateQueries({ queryKey: ["customer"] });
  return customer;
}

/** The handle goes back to whom it was before; taken back, it is linked again. */
export async function undoLink(
  desktop: Desktop,
  customerId: string,
  identity: Identity,
  linkId: string,
  because: Because,
): Promise<Done> {
  await changed(desktop, (api, commandId) => api.undoLink(linkId, commandId));
  return {
    text: "taken.linkUndone",
    back: "redo",
    takeBack: () => linkAgain(desktop, customerId, identity, because),
  };
}

async function linkAgain(
  desktop: Desktop,
  customerId: string,
  identity: Identity,
  because: Because,
): Promise<Done> {
  const customer = await changed(desktop, (api, commandId) =>
    api.linkIdentity(customerId, commandId, identity, because),
  );
  return {
    text: "taken.linked",
    back: "undo",
    takeBack: () => undoLink(desktop, customer.customer_id, identity, linkOf(customer, identity), because),
  };
}

/** How an accepted suggestion `same-customer` is taken back: by the link that it made. */
export function acceptedLink(desktop: Desktop, customerId: string, identity: Identity, because: Because): Done {
  return {
    text: "taken.linked",
    back: "undo",
    takeBack: async () => {
      const { customer } = await desktop.api.customer(customerId);
      return undoLink(desktop, customer.customer_id, identity, linkOf(customer, identity), because);
    },
  };
}

export async function mergeCustomers(desktop: Desktop, customerId: string, otherId: string): Promise<Done> {
  const customer = await changed(desktop, (api, commandId) => api.mergeCustomers(customerId, commandId, otherId));
  const merge = customer.merges.find((each) => each.other_customer_id === otherId);
  return {
    text: "taken.customersMerged",
    values: { name: merge?.other_name ?? "" },
    back: "undo",
    takeBack: () => {
      if (merge === undefined) throw new Error(`no merge of ${otherId} in ${customer.customer_id}`);
      return undoMerge(desktop, customer.customer_id, merge.merge_id, otherId);
    },
  };
}

export async function undoMerge(
  desktop: Desktop,
  customerId: string,
  mergeId: string,
  otherId: string,
): Promise<Done> {
  await changed(desktop, (api, commandId) => api.undoMerge(mergeId, commandId));
  return { text: "taken.undone", back: "redo", takeBack: () => mergeCustomers(desktop, customerId, otherId) };
}

/** Some of the handles are another person's; taken back, the two are one again. */
export async function splitCustomer(
  desktop: Desktop,
  customerId: string,
  identities: readonly Identity[],
): Promise<Done> {
  const other = await changed(desktop, (api, commandId) => api.splitCustomer(customerId, commandId, identities));
  return {
    text: "taken.customerSplit",
    back: "undo",
    takeBack: () => mergeCustomers(desktop, customerId, other.customer_id),
  };
}

export async function markShared(desktop: Desktop, identity: Identity, shared: boolean): Promise<Done> {
  await changed(desktop, (api, commandId) => api.markShared(commandId, identity, shared));
  return {
    text: shared ? "taken.shared" : "taken.notShared",
    values: { handle: identity.value },
    back: "undo",
    takeBack: () => markShared(desktop, identity, !shared),
  };
}

function linkOf(customer: CustomerChanged, identity: Identity): string {
  const linked = customer.identities.find(
    (each) => each.identity.kind === identity.kind && each.identity.value === identity.value,
  );
  if (linked === undefined) throw new Error(`${identity.kind} is not linked to ${customer.customer_id}`);
  return linked.link_id;
}
