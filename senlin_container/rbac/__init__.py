"""Who may do what: ``rules`` says it in code, ``enforcer`` asks them and the operator's policy file."""
