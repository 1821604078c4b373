-- People who came into a channel by themselves: they stay, whatever their role gives them, as long as they may read it.

SET LOCAL ROLE devsquad_owner;

ALTER TABLE stream_chat_integration
    ADD COLUMN user_joined jsonb NOT NULL DEFAULT '[]';            -- those of user_participants who came by themselves
COMMENT ON COLUMN stream_chat_integration.user_joined IS 'People who wrote in the channel, or were added to it in the chat, and whom their role does not put there.';

RESET ROLE;
