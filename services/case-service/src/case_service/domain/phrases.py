"""What people say when they come back to a matter, and when they begin another. French and English.

The text is compared in lower case without accents; every repetition is bounded, for customers write it.
"""

import re

from case_service.domain.words import without_accents

_CHARS = 600

_GOES_ON = (
    # English
    r"still (?:waiting|no|not|nothing|have ?n[o']t|has ?n[o']t|do ?n[o']t|does ?n[o']t|broken|missing|the same|open)",
    r"(?:any|no|some) (?:news|updates?|progress)\b",
    r"as i (?:\w{2,10} ){0,2}(?:wrote|said|mentioned|explained|told|described|already)",
    r"(?:as|like) (?:discussed|agreed|promised|requested|mentioned|you asked)",
    r"follow(?:ing)?[ -]up",
    r"further to|in addition to my",
    r"my (?:last|previous|earlier|first|other) (?:e-?mail|mail|message|call|chat|note|question)",
    r"my (?:e-?mail|mail|message|call|chat|complaint|request) (?:from|of|on|about) ",
    r"\bno (?:answer|reply|response)\b|(?:not|n't) (?:answered|replied|responded)",
    r"(?:not|n't) heard (?:back|anything|from)",
    r"(?:reminder|chasing|checking in|just checking)\b",
    r"you (?:said|told me|promised|asked|wrote)\b",
    r"(?:your|the) (?:answer|reply|last message)\b",
    r"forgot to (?:mention|add|say|attach|tell)",
    r"(?:the )?same (?:problem|issue|matter|order|subject|story|thing|complaint)",
    r"me again|once (?:more|again)|i (?:also |already )(?:wrote|sent|called|e-?mailed|contacted|asked|explained)",
    r"i (?:wrote|sent|called|e-?mailed) (?:to )?(?:you|an e-?mail|a message)",
    r"(?:about|regarding|concerning) my (?:e-?mail|message|complaint|request|earlier|last)",
    r"where (?:is|are) (?:we|things) (?:at|with|on)",
    # French
    r"toujours (?:pas|rien|en attente|aucune?|le meme|la meme|sans)|attends? toujours",
    r"encore (?:rien|pas|aucune?|moi)\b",
    r"(?:des|aucune|pas de|sans|eu de) nouvelles|du nouveau\b",
    r"comme (?:je|dit|convenu|indique|explique|ecrit|promis|demande|evoque|mentionne|precise|vu)\b",
    r"suite a (?:mon|ma|mes|notre|nos|votre|vos)",
    r"je (?:reviens|me permets de revenir|vous relance|relance|me permets de vous relancer)",
    r"\brelanc(?:e|er)\b|\bpetit rappel\b",
    r"mon (?:dernier|precedent|premier) (?:e-?mail|mail|message|courriel|appel)",
    r"mon (?:e-?mail|mail|message|courriel|appel) (?:du|de|d'|d’|concernant|au sujet)",
    r"(?:ma|notre) (?:derniere|precedente|premiere) (?:demande|conversation|discussion|question)",
    r"(?:pas|sans|aucune|pas eu de) (?:de )?reponse",
    r"j['’ ]?ai (?:deja |bien )?(?:ecrit|appele|contacte|signale)\b",
    r"vous (?:ai|avais) (?:deja |bien )?(?:ecrit|appele|contacte|signale|envoye|explique|parle)",
    r"vous m['’ ]?(?:avez|aviez) (?:dit|promis|demande|repondu|ecrit|assure|indique)",
    r"j['’ ]?ai oublie (?:de|d['’])|j['’ ]?oubliais",
    r"pour completer|en complement|je complete|j['’ ]?ajoute",
    r"(?:le |la |du )?meme (?:probleme|sujet|commande|dossier|question|histoire|souci)",
    r"c['’ ]?est (?:encore|de nouveau|a nouveau) moi",
    r"ou en (?:est|sont|etes)",
    r"votre (?:reponse|dernier message|retour)\b",
    r"(?:concernant|au sujet de|a propos de) (?:ma (?:demande|reclamation)|mon (?:message|mail|courriel|dossier))",
)

_BEGINS = (
    r"(?:another|different|separate|new|unrelated|other) (?:\w{2,12} )?(?:question|matter|issue|problem|topic|subject"
    r"|thing|order|request|enquiry|concern)\b",
    r"nothing to do with|not (?:related to|about) (?:my|the) (?:last|previous|other|earlier)|unrelated to",
    r"something else|on another note|by the way|one more thing|this time",
    r"(?:une? )?(?:autre|nouvelle?|differente?) (?:\w{2,12} )?(?:question|sujet|probleme|demande|commande|chose|affaire"
    r"|dossier|souci|reclamation)\b",
    r"rien a voir|sans rapport|sans lien|hors sujet",
    r"\bau passage\b|\bpar ailleurs\b|a part ca|cette fois|j['’ ]?en profite",
)


def _alternation(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{each})" for each in patterns))


_ABOUT_BEFORE, _ABOUT_NEW = _alternation(_GOES_ON), _alternation(_BEGINS)


def says_that_it_goes_on(*texts: str | None) -> str | None:
    """The words by which somebody comes back to something ("toujours pas", "as I wrote")."""
    return _found(_ABOUT_BEFORE, texts)


def says_that_it_is_new(*texts: str | None) -> str | None:
    """The words by which somebody begins another matter ("autre question", "nothing to do with")."""
    return _found(_ABOUT_NEW, texts)


def _found(pattern: re.Pattern[str], texts: tuple[str | None, ...]) -> str | None:
    for text in texts:
        if text:
            match = pattern.search(without_accents(" ".join(text[:_CHARS].split()).casefold()))
            if match is not None:
                return match[0].strip()
    return None


_GREETING = re.compile(
    r"\s{0,5}(?:bonjour|bonsoir|salut|coucou|bjr|slt|hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|madame"
    r"|monsieur|mesdames)\b"
)


def greets(text: str) -> bool:
    """Whether the text begins as one does who begins to talk."""
    return _GREETING.match(without_accents(text[:80].casefold())) is not None
