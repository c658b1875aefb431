"""Words that tell nothing of a matter, and words that every matter has. French and English, without accents."""

_STOP_WORDS = """
    a about above after again against all almost already also although always am an and another any anybody anymore
    anyone anything are aren as ask asked at away back be became because been before being below best better between
    both but by came can cannot cant come could couldn day days dear did didn do does doesn doing don done down during
    each either else even ever every everything few find first for from further gave get gets getting give given go
    goes going gone good got great had hadn happen happened has hasn have haven having he hello help her here hers hey
    hi him his hope how however i if in instead into is isn it its itself just keep kind know last later least let like
    little ll long look looking lot made make makes many may maybe me mean might mine minute minutes month months more
    most much must mustn my myself need needed needs never new next no none nor not nothing now of off ok okay on once
    one only onto or other others our ours ourselves out over own per perhaps please pls put question questions quick
    quite rather re really regards regarding said same saw say says see seem seems seen send sent shall she should
    shouldn since sincerely so some somebody someone something soon sorry still such sure take taken tell than thank
    thanks that the their theirs them then there these they thing things think this those though thought three through
    till time times to today told tomorrow too took tried try trying two under until up upon us use used using ve very
    via want wanted was wasn way we week weeks well went were weren what when where whether which while who whole whom
    whose why will with within without won would wouldn write writing wrote year years yes yesterday yet you your yours
    yourself best wishes cheers morning afternoon evening team madam sir monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december mail email
    emails mails message messages chat phone call called www http https com org net sent iphone android
    abord actuellement afin ai aie aient ainsi ait alors apres assez au aucun aucune aujourd aupres aura aurai auraient
    aurais aurait aussi autre autres aux avais avait avant avec avez avoir avons ayant beaucoup belle bien bientot bon
    bonjour bonne bonsoir bref car ce ceci cela celle celles celui cent ces cet cette ceux chaque cher chere chez ci
    combien comme comment compte cordialement coucou cordiales dans debut de deja demain demande demander depuis des
    desole desolee dernier derniere dernieres derniers deux devais devait devez devrait dire dit dites doit doivent donc
    dont du elle elles en encore enfin ensuite entre envers environ equipe est et etaient etais etait etant etc ete etes
    etre eu eut eux faire fais fait faite faites faut fin fois font gens grand grande hier heure heures hui ici il ils
    jamais je jour jours juste la laquelle le lequel les lesquels leur leurs lors lorsque lui ma madame maintenant mais
    malgre matin me meme memes merci mes messieurs midi mieux mien mienne moi moins mois mon monsieur ne ni nom non nos
    notre nous nouveau nouvelle nuit on ont ou oui par parce parfois parmi part partie pas pendant petit petite peu peut
    peux plus plusieurs plutot pour pourquoi pourrait pourriez pouvez pouvoir pres presque prie puis puisque quand quant
    que quel quelle quelles quelque quelques quels qui quoi rien sa sais salut salutations sans sauf savez savoir se
    selon sera serai serait ses seul seulement si sien soir sois soit sommes son sont souhaite souhaiterais sous
    souvent suis suite suivant sur ta tant te tel telle tellement temps tes toi ton toujours tous tout toute toutefois
    toutes tres trois trop tu un une va vais vas vers veuillez veut veux viens vient voici voila voir vois vont vos
    votre voudrais vous vraiment vu lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier mars avril mai
    juin juillet aout septembre octobre novembre decembre courriel mails telephone tel svp stp semaine semaines annee
    ans heureux avance attends attente ecris ecrire ecrit ecrivais ecrivait ecrivez envoye envoie envoyer recu reponse
    repondre retour nouvelles passe passer mis mettre pris prendre trouve trouver sens pense penser crois cas chose
    choses question aide aider besoin
    franchement inadmissible decu decue decus patience souci soucis presse urgent urgence journee soiree bjr cdt slt
    honnetement scandaleux honteux organisation serieux
    honestly unacceptable disappointed disappointing mess patient hurry rush ridiculous shame count counting afternoon
    waiting wait waited heard hear hearing reply replied answer answered response received receive news update
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_COMMONPLACE = """
    account address amount arrive arrived arrives article bank bill billed box broken buy bought cancel cancelled card
    carrier change changed charge charged check client code colour company complaint contact correct cost courier
    customer damaged date deliver delivered delivery different discount error exchange expect expected faulty goods
    home house invoice issue item items late lost matter missing money name number online open opened order ordered
    package paid parcel pay payment piece pieces place placed post price problem product products promised proof
    purchase purchased quality ready reason receipt reference refund refunded repair repaired replace replaced
    replacement request return returned right sell send service set ship shipped shipping shop show side site size small
    state status stock stopped store support thought total track tracking transport warranty website work working works
    wrong
    acheter achat achete adresse annuler annulation article articles avoir banque boite boutique carte casse cassee
    changer changement chemin client code colis commande commandes commander commandee compte conseil conseiller contact
    contacter correct couleur cout date defaut defectueux delai differente different disponible dossier echange echanger
    endommage erreur etat expedition expedie facture facturation factures frais garantie informations information
    livraison livrer livre livree livreur magasin manque manquant modele modifier montant numero objet paiement panier
    payer paye perdu piece pieces place point porte poste preuve prix probleme produit produits promo promesse promis
    qualite quantite raison rappel recevoir reclamation reduction reference refuse regler remboursement rembourser
    rembourse remplacer remplacement reparation reparer renvoyer renvoi reservation retard site service situation
    soldes solution suivi stock support taille transporteur tarif usage utiliser utilisation vendeur vente ventes
"""
COMMONPLACE = frozenset(_COMMONPLACE.split())
