"""The shop's account: transaction log, billing cycles, payouts, legal documents, the payment system's queue."""
