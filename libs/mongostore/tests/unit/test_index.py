from omnifil_mongostore import DESCENDING, Index


def test_an_index_is_named_by_mongodbs_own_convention() -> None:
    assert Index("timeline", ["dossier_id", ("at", DESCENDING)]).name == "dossier_id_1_at_-1"


def test_only_what_was_asked_for_is_an_option() -> None:
    assert Index("timeline", ["seq"]).options() == {}
    partial = Index("timeline", ["seq"], unique=True, partial={"seq": {"$gt": 0}}, expire_after_s=60)
    assert partial.options() == {
        "unique": True,
        "partialFilterExpression": {"seq": {"$gt": 0}},
        "expireAfterSeconds": 60,
    }
