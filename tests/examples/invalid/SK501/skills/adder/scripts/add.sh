password = "kT94vRq2LmZ8wXc1"
