"""What customers write to a shop about, in French and English.

Two words of one topic are of one matter rather than two of different ones, whichever language they are in.
"""

_WORDS_OF = {
    "delivery": """
        delivery delivered deliver shipped shipping shipment dispatch dispatched carrier courier tracking
        parcel package depot late delay delayed livraison livrer livre livree livreur expedie expedition
        transporteur suivi colis depot retard retarde achemine relais
    """,
    "damage": """
        broken damaged damage chipped scratched dented cracked torn smashed shattered casse cassee casses
        brise brisee abime abimee endommage endommagee eclats raye rayure fele fissure dechire dechiree
    """,
    "missing": "missing incomplete absent manque manquant manquante incomplet incomplete absente",
    "colour": """
        colour color red blue green black white grey gray yellow pink brown beige couleur coloris rouge bleu
        bleue vert verte noir noire blanc blanche gris grise jaune rose marron
    """,
    "return": """
        return returns returning returned renvoyer renvoi renvoie retourner retractation etiquette label
    """,
    "refund": "refund refunded reimbursed reimbursement remboursement rembourser rembourse remboursee",
    "payment": """
        paid payment payments pay charged charge debited bank card twice transfer iban paiement paiements
        paye payer debite debitee preleve prelevement prelevements encaisse banque carte virement double rib
    """,
    "invoice": "invoice invoices billing vat paperwork receipt facture factures facturation tva justificatif",
    "account": """
        account password login log signin sign locked unlock reset link session username compte connexion
        connecter identifiant bloque debloquer reinitialiser lien passe authentification
    """,
    "address": "address street moved moving postcode adresse rue demenage demenagement postal",
    "change": """
        cancel cancelled cancellation modify annuler annulation annule modifier modification ajouter add
        quantity
    """,
    "size": """
        size sizes small large fit fits exchange swap taille tailles petit grand pointure echange echanger
    """,
    "technical": """
        screen sound noise battery charge charging switch starts crashes freezes error bluetooth firmware
        app settings button ecran son bruit batterie chargeur allume demarre plante fige erreur reglages
        bouton panne fonctionne
    """,
    "repair": """
        warranty guarantee repair repaired spare technician garantie reparer reparation reparateur
        technicien pieces rechange
    """,
    "availability": "available availability stock restock disponible disponibilite reassort precommande preorder",
    "loyalty": """
        points loyalty voucher coupon promo discount gift fidelite bon reduction remise cadeau promotion
    """,
    "subscription": """
        subscription subscribe unsubscribe renewal newsletter abonnement abonne desabonner renouvellement
    """,
    "appointment": "appointment schedule slot rendez rdv creneau installation visite",
}

TOPICS = {word: topic for topic, words in _WORDS_OF.items() for word in words.split()}
"""Word, without accents → topic."""
