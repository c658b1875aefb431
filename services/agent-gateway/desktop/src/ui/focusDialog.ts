/** Focus the dialog itself: a focused close button would show its tip, and the first Escape would close only that. */
export function focusDialog(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}
