namespace DhtTracer.Analysis;

/// <summary>Message types as spans and logs write them.</summary>
internal static class MessageTypes
{
    /// <summary>Whether an answer to it names peers. One of which the type is unknown counts: only such answers are known without
    /// it.</summary>
    public static bool NamesPeers(MessageType type) =>
        type is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue or MessageType.Unknown;

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
