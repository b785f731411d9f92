"""Operations of our own, beside AWS's: products, applications, subscriptions, and rolling stages back."""
