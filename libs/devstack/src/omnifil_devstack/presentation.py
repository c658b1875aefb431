"""What the command prints about a running stack."""

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.once import Proof


def show_addresses(out: Console, stack: Stack) -> None:
    """The pages that a person opens, and who signs in."""
    agents = " or ".join(f"{agent.username} / {agent.password}" for agent in stack.issuer.agents)
    out.print()
    for what, address, hint in (
        ("Agent desktop", stack.pages.desktop, f"sign in as {agents}"),
        ("Shop with chat", stack.pages.shop, "be a customer, signed in or not"),
        ("Social network", stack.pages.network, "write to the shop's page"),
        ("Mailbox", stack.pages.mailbox, "read and write the customers' e-mail"),
    ):
        out.print(f"  {what:<15} [bold]{address:<34}[/] {hint}")
    out.print()


def show_proof(out: Console, proof: Proof) -> None:
    """The story's result for a person."""
    for what, counts in (("sent", proof.sent), ("seen", proof.seen), ("replies delivered", proof.replies_delivered)):
        out.print(f"{what:<18} " + ", ".join(f"{channel} {count}" for channel, count in sorted(counts.items())))
    out.print(f"{'dossiers':<18} {proof.dossiers}")
    out.print(f"{'gaps':<18} {proof.gaps}, duplicates {proof.duplicates}, lost {proof.lost}")
    out.print(f"{'time':<18} {proof.seconds:.1f} s")
    for problem in proof.problems:
        out.print(f"[red]{problem}[/]")
    if not proof.problems:
        out.print("[green]All of it went as it should.[/]")


def show_status(out: Console, stack: Stack, *, as_json: bool) -> bool:
    """Each process and whether it is ready; True when all are."""
    with ThreadPoolExecutor(len(stack.services)) as threads:
        answers = dict(zip(stack.services, threads.map(_is_ready, stack.services.values()), strict=True))
    rows = [
        {
            "name": name,
            "pid": process.pid,
            "ready": process.alive() is not None and answers.get(name, True),
            "address": stack.services.get(name, ""),
        }
        for name, process in stack.processes.items()
    ]
    ready = stack.ready and all(row["ready"] for row in rows)
    if as_json:
        out.print_json(data={"running": True, "ready": ready, "processes": rows})
        return ready
    for row in rows:
        word = "[green]ready[/]    " if row["ready"] else "[red]not ready[/]"
        out.print(f"{row['name']:<18} {word} {row['pid']:>8}  {row['address']}")
    return ready


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
