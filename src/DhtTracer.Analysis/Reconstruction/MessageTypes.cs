namespace DhtTracer.Analysis;

/// <summary>Message types as spans and logs write them.</summary>
internal static class MessageTypes
{
    /// <summary>Reads <c>FIND_NODE</c> and the like; null for anything else.</summary>
    public static MessageType? Parse(string? text) =>
        text switch
        {
            "FIND_NODE" => MessageType.FindNode,
            "GET_PROVIDERS" => MessageType.GetProviders,
            "GET_VALUE" => MessageType.GetValue,
            "PUT_VALUE" => MessageType.PutValue,
            "ADD_PROVIDER" => MessageType.AddProvider,
            "PING" => MessageType.Ping,
            _ => null,
        };
}
