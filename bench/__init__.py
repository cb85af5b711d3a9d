"""How fast Hedgerow is, beside what its parts could do at best and beside what people would use instead."""
