"""How Asterisk speaks to Atende: AMI streams and queue logs become facts about calls and agents."""
