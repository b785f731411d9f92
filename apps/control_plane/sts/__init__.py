"""What deployment tools ask the Security Token Service before they ask API Gateway: who am I."""
